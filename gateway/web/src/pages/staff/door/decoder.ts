/** Reads a QR code from a picture; empty if there is none. */
export type Decode = (video: HTMLVideoElement) => Promise<string>;

type Detector = { detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]> };
/** What some browsers have built in (https://wicg.github.io/shape-detection-api/). */
type BuiltIn = {
  BarcodeDetector?: {
    new (options: { formats: string[] }): Detector;
    getSupportedFormats: () => Promise<string[]>;
  };
};

/** The longest side of a picture that our own decoder looks at: more is slow and finds no more. */
const LONGEST_SIDE = 800;

/** Returns the reader of this browser, or else ours, which is fetched only then. */
export async function decoder(): Promise<Decode> {
  const { BarcodeDetector }: BuiltIn = globalThis as BuiltIn;
  if (BarcodeDetector && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
  }
  return ours();
}

async function ours(): Promise<Decode> {
  const { decodeQR } = await import("qr/decode.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const { videoWidth, videoHeight } = video;
    if (!context || videoWidth === 0) return "";
    const scale = Math.min(1, LONGEST_SIDE / Math.max(videoWidth, videoHeight));
    canvas.width = Math.round(videoWidth * scale);
    canvas.height = Math.round(videoHeight * scale);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    try {
      return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      return ""; // it throws where it finds none
    }
  };
}
