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
      if (frame.event.type === "welcome") {
        store(frame.event.session);
        // After an upgrade the server has another page.
        if (studio.session.welcome && studio.session.welcome.version !== frame.event.version) location.reload();
      }
      studio.receive(frame);
    },
    onState: (state) => studio.setLink(state),
  });
  studio.session.attach(link);
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
