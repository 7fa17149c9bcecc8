/** A request that the page refuses, and why. */

import type { Failed } from "../protocol/messages";

export class Refusal extends Error {
  constructor(readonly code: Failed["code"], message: string) {
    super(message);
  }
}
