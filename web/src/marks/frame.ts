/** Draw once a frame, however often it is asked for, and only when it was. */

export interface Frame {
  request(): void;
  cancel(): void;
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
