import { lexer, type Token, type Tokens } from "marked";
import type { ComponentChildren } from "preact";

/** Shows the Markdown of a notice. It is drawn, not set as HTML: what is no Markdown stays text. */
export function Markdown({ text }: { text: string }) {
  return <div class="stack prose">{drawn(lexer(text))}</div>;
}

function drawn(tokens: readonly Token[] = []): ComponentChildren {
  return tokens.map((token, index) => <Drawn key={String(index)} token={token} />);
}

function Drawn({ token }: { token: Token }) {
  const inner = () => ("tokens" in token && token.tokens ? drawn(token.tokens) : token.raw);
  switch (token.type) {
    case "heading":
      return (
        <h3 class="ds-heading" data-size="2xs">
          {inner()}
        </h3>
      );
    case "paragraph":
      return <p>{inner()}</p>;
    case "list": {
      const list = token as Tokens.List;
      const items = list.items.map((item) => <li key={item.raw}>{drawn(item.tokens)}</li>);
      return list.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case "strong":
      return <strong>{inner()}</strong>;
    case "em":
      return <em>{inner()}</em>;
    case "link":
      return (
        <a class="ds-link" href={secure((token as Tokens.Link).href)}>
          {inner()}
        </a>
      );
    case "br":
      return <br />;
    case "space":
      return null;
    case "text":
      return (
        <>{"tokens" in token && token.tokens ? drawn(token.tokens) : (token as Tokens.Text).text}</>
      );
    default:
      return <>{token.raw}</>;
  }
}

/** Lets links lead to pages and letters only. */
function secure(address: string): string | undefined {
  return /^(https:|mailto:|tel:|\/)/.test(address) ? address : undefined;
}
