/** A place of its own for a widget: a shadow root, so that neither page nor widget styles the other, in the page's theme. */

import base from "../theme/base.css?inline";
import tokens from "../theme/tokens.css?inline";
import { rgbOf } from "../marks/gradients";
import { luminance, parseRgb } from "../marks/palette";
import { colours } from "../theme/palette.svelte";
import own from "./widget.css?inline";

/** Inside a shadow root, the host stands for the root of the page; properties cannot be registered there. */
const STYLE = [tokens, base, own]
  .join("\n")
  .replace(/@property[^{]*\{[^}]*\}/g, "")
  .replace(/:root(\[[^\]]*\])?/g, (_, attribute?: string) => (attribute ? `:host(${attribute})` : ":host"));

export interface Shadow {
  /** The element to draw into. */
  readonly target: HTMLElement;
  /** Take the theme of the page, once the element is in it. */
  adopt(): void;
  remove(): void;
}

/** Put a place for a widget into an element of the page. */
export function makeShadow(element: HTMLElement): Shadow {
  const host = document.createElement("div");
  // JupyterLab's shortcuts leave alone what is typed in elements with this mark.
  host.dataset.lmSuppressShortcuts = "true";
  const root = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = STYLE;
  const target = document.createElement("div");
  target.className = "pellucid";
  root.append(style, target);
  for (const event of ["keydown", "keyup", "keypress"]) host.addEventListener(event, (each) => each.stopPropagation());
  element.append(host);
  const theme = followTheme(host);
  return {
    target,
    adopt: theme.adopt,
    remove() {
      theme.forget();
      host.remove();
    },
  };
}

/** Keep the host in the theme of the page, which is dark if its text is bright. */
function followTheme(host: HTMLElement): { adopt(): void; forget(): void } {
  function adopt() {
    if (!host.isConnected || !host.parentElement) return;
    const theme = luminance(parseRgb(rgbOf(getComputedStyle(host.parentElement).color))) > 0.4 ? "dark" : "light";
    if (host.dataset.theme === theme) return;
    host.dataset.theme = theme;
    colours.follow(host);
  }
  // Pages switch their style sheets a little before or after they tell so.
  const soon = () => [0, 100, 500].forEach((wait) => setTimeout(adopt, wait));
  const changes = new MutationObserver(soon);
  for (const each of [document.documentElement, document.body]) changes.observe(each, { attributes: true });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", soon);
  return {
    adopt,
    forget() {
      changes.disconnect();
      scheme.removeEventListener("change", soon);
    },
  };
}

/** Call back once an element is in the page and has a size; cancelled by the function that is returned. */
export function onceShown(element: HTMLElement, callback: () => void): () => void {
  const observer = new ResizeObserver(() => {
    if (!element.isConnected || element.clientWidth === 0) return;
    observer.disconnect();
    callback();
  });
  observer.observe(element);
  return () => observer.disconnect();
}

/** Hide the still pictures of this class, which stand for the widget where there is no kernel; undone by the function returned. */
export function hideStills(name: string): () => void {
  const style = document.createElement("style");
  style.textContent = `.${name}, .jp-OutputArea-child:has(.${name}) { display: none !important; }`;
  document.head.append(style);
  return () => style.remove();
}
