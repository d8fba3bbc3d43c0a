import { LitElement } from "lit";

/** An element of the portal: in the page itself, so that one style sheet is for all of them. */
export abstract class PortalElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
