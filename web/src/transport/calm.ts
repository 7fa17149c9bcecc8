/** Requests that follow every change of the network, made rarely while training changes it all the time. */

/** Least time between two of them during training, in milliseconds. */
export const CALM = 400;

/** Calls `act` at once, or while `training` at most every `CALM` milliseconds; of the calls between, the last one counts. */
export function makeCalm(act: () => void): (training: boolean) => void {
  let last = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function run(): void {
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    act();
  }

  return (training) => {
    if (training) timer ??= setTimeout(run, Math.max(0, last + CALM - performance.now()));
    else run();
  };
}
