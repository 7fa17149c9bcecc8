/** What the page knows of training; the room Learn shows it. */

import type * as wire from "../protocol/messages";
import type { Studio } from "./studio.svelte";

export type LearnEvent =
  wire.Training | wire.Picture | wire.Health | wire.EpochDone | wire.Curves | wire.Examined | wire.LossPlane;

export class LearnState {
  readonly studio: Studio;
  training: wire.Training | null = $state.raw(null);

  constructor(studio: Studio) {
    this.studio = studio;
  }

  apply(event: LearnEvent, _payload: Float32Array): void {
    switch (event.type) {
      case "training":
        this.training = event;
        return;
      case "picture":
      case "health":
      case "epochDone":
      case "curves":
      case "examined":
      case "lossPlane":
        return;
    }
  }
}
