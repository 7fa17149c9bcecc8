/** Entry point of the page that is shared as one file: the theme, then the network that was written into it. */

import { mount } from "svelte";
import "../theme/tokens.css";
import "../theme/base.css";
import { applyTheme, storedTheme } from "../theme/theme";
import { unpack } from "./examples";
import { parametersOf, sharedOf, type Shared } from "./shared";
import Offline from "./Offline.svelte";

applyTheme(storedTheme());

const target = document.getElementById("app");
if (!target) throw new Error("expected the page to hold an element #app");
const shared = sharedOf(document);
if (shared === null) target.textContent = "There is no network in this page yet: pellucid share writes one into it.";
else mount(Offline, { target, props: { shared, parameters: await parametersOf(shared), examples: await examplesOf(shared) } });

async function examplesOf({ examples, network }: Shared) {
  return examples && unpack(examples, network.layers[0].inputs);
}
