import { useMemo } from "preact/hooks";

/**
 * A mail as it is sent, in a frame where no script runs and nothing is fetched.
 *
 * Our Content-Security-Policy holds inside of the frame too, and allows no style element; the style of
 * the letter is taken out and set by the DOM instead.
 */
export function Letter({ html, title }: { html: string; title: string }) {
  const { page, style } = useMemo(() => parted(html), [html]);
  return (
    <iframe
      class="letter"
      title={title}
      sandbox="allow-same-origin"
      srcdoc={page}
      onLoad={(event) => {
        const frame = event.currentTarget;
        if (!frame.contentDocument) return;
        dress(frame.contentDocument, style);
        frame.style.height = `${frame.contentDocument.body.offsetHeight}px`;
      }}
    />
  );
}

const STYLE = /<style>(.*?)<\/style>/gs;

/** Without the help of a parser, which would report the style element as a violation. */
function parted(html: string): { page: string; style: string } {
  const styles = [...html.matchAll(STYLE)].map(([, style = ""]) => style);
  return { page: html.replaceAll(STYLE, ""), style: styles.join("\n") };
}

function dress(letter: Document, style: string): void {
  // A style sheet is taken only by a document of the window that made it.
  const sheet = letter.defaultView && new letter.defaultView.CSSStyleSheet();
  if (!sheet) return;
  sheet.replaceSync(style);
  letter.adoptedStyleSheets = [sheet];
}
