import { Component, type ComponentChildren } from "preact";
import { Offline } from "./api/problem";
import { Failed } from "./ui/failed";

/** Says so where a page cannot be shown: a part of it cannot be fetched, or is broken. */
export class Boundary extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state = { error: null as unknown };

  static override getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    // A part of the client that cannot be fetched is a TypeError, like any lost connection.
    const shown = error instanceof TypeError ? new Offline("part not fetched") : error;
    return (
      <div class="page">
        <Failed error={shown} onRetry={() => location.reload()} />
      </div>
    );
  }
}
