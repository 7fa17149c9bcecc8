/** Entry point of the notebook widget, an anywidget module: a network that one draws for, or the curves of a training. */

import { mount, unmount, type Component } from "svelte";
import Curves from "./Curves.svelte";
import type { Model } from "./model";
import NetworkView from "./NetworkView.svelte";
import { hideStills, makeShadow, onceShown } from "./shadow";

const KINDS: Record<string, Component<{ model: Model }>> = { network: NetworkView, training: Curves };

/** Draw the widget into an element of the notebook; the function that is returned removes it. */
function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const shadow = makeShadow(el);
  let view: Record<string, unknown> | null = null;
  const showStills = hideStills(String(model.get("still")));
  const cancel = onceShown(el, () => {
    shadow.adopt();
    view = mount(KINDS[String(model.get("kind"))], { target: shadow.target, props: { model } });
  });
  return () => {
    cancel();
    showStills();
    if (view) void unmount(view);
    shadow.remove();
  };
}

export default { render };
