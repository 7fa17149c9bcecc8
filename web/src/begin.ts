/** Connects the page's state to the server, and to the session that this tab had before. */

import type { Studio } from "./state/studio.svelte";
import { makeLink } from "./transport/link";

const KEY = "pellucid-session";

export function begin(studio: Studio): void {
  const link = makeLink({
    address() {
      const address = new URL("socket", location.href);
      address.protocol = address.protocol.replace("http", "ws");
      address.hash = "";
      const session = stored();
      address.search = session ? `?session=${encodeURIComponent(session)}` : "";
      return address.href;
    },
    onFrame(frame) {
      const { event } = frame;
      const lost = event.type === "welcome" && event.inClass && studio.session.welcome && !event.resumed;
      if (lost || (event.type === "gone" && event.reason === "restarted")) return startAgain(studio);
      if (event.type === "welcome") {
        store(event.session);
        // After an upgrade the server has another page.
        if (studio.session.welcome && studio.session.welcome.version !== event.version) location.reload();
      }
      studio.receive(frame);
    },
    onState: (state) => studio.setLink(state),
  });
  studio.session.attach(link);
}

/** In a class: everything on the page as at the first visit, but that it stays on the projector. */
function startAgain(studio: Studio): void {
  studio.session.end("restarted");
  studio.lessons.forget();
  store("");
  history.replaceState(null, "", location.pathname + (studio.presentation.on ? "#/read?present" : ""));
  location.reload();
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(session: string): void {
  try {
    sessionStorage.setItem(KEY, session);
  } catch {
    // Without storage a reload starts a new session; the address bar still holds the scene.
  }
}
