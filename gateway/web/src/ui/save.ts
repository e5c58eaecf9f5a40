const A_MINUTE_MS = 60_000;

/** Lets the browser save a file that was fetched. */
export function save(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), A_MINUTE_MS); // some browsers read it later
}
