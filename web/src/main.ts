/** Entry point: the theme first, so that nothing flashes, then the shell. */

import { mount } from "svelte";
import App from "./App.svelte";
import "./theme/tokens.css";
import "./theme/base.css";
import "./theme/presentation.css";
import { applyTheme, storedTheme } from "./theme/theme";

applyTheme(storedTheme());

const target = document.getElementById("app");
if (!target) throw new Error("expected the page to hold an element #app");
mount(App, { target });
