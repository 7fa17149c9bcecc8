/** Draw once a frame, however often it is asked for, and only when it was. */

export interface Frame {
  request(): void;
  cancel(): void;
}

/** A canvas that is not up to date draws itself when it hears this: a picture of it is about to be taken. */
export const BEFORE_SNAPSHOT = "beforesnapshot";

/** The same, and only while `element` can be seen: what was asked for meanwhile is drawn when it comes into view. */
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
