/** Draws at most once per frame, and only on request. */

export interface Frame {
  request(): void;
  cancel(): void;
}

/** Sent to a canvas before a snapshot is taken, so that it draws anything outstanding. */
export const BEFORE_SNAPSHOT = "beforesnapshot";

/** Like `makeFrame`, but draws only while `element` is visible; outstanding requests are drawn when it comes into view. */
export function makeVisibleFrame(element: Element, draw: () => void): Frame {
  const frame = makeFrame(draw);
  let [seen, asked] = [false, false];
  const observer = new IntersectionObserver((entries) => {
    seen = entries[entries.length - 1].isIntersecting;
    if (seen && asked) frame.request();
    asked &&= !seen;
  }, { rootMargin: "200px" });
  observer.observe(element);
  element.addEventListener(BEFORE_SNAPSHOT, draw);
  return {
    request() {
      if (seen) frame.request();
      else asked = true;
    },
    cancel() {
      observer.disconnect();
      frame.cancel();
    },
  };
}

export function makeFrame(draw: () => void): Frame {
  let pending = 0;
  return {
    request() {
      pending ||= requestAnimationFrame(() => {
        pending = 0;
        draw();
      });
    },
    cancel() {
      cancelAnimationFrame(pending);
      pending = 0;
    },
  };
}
