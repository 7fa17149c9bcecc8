/** What the page knows of backpropagation; the room Nudge shows it. */

import type * as wire from "../protocol/messages";
import type { Studio } from "./studio.svelte";

export type NudgeEvent = wire.Nudges | wire.BatchNudges | wire.Checked | wire.Stepped;

export class NudgeState {
  readonly studio: Studio;

  constructor(studio: Studio) {
    this.studio = studio;
  }

  apply(event: NudgeEvent, _payload: Float32Array): void {
    switch (event.type) {
      case "nudges":
      case "batchNudges":
      case "checked":
      case "stepped":
        return;
    }
  }
}
