/** Presentation: the page for a projector, with larger text and only the panels that a room's purpose needs. */

/** How much larger text and what depends on its size are. */
const LARGER = 1.5;

export class Presentation {
  on = $state(false);
  /** The factor of all sizes that follow the text; the stylesheet has it as --scale. */
  readonly scale: number = $derived(this.on ? LARGER : 1);
  /** Whether rooms fill the screen with few panels. */
  readonly brief: boolean = $derived.by(() => this.on && !this.#inLesson());
  /** Whether rooms show all panels, with larger text, and scroll: an open lesson may need any of them. */
  readonly full: boolean = $derived.by(() => this.on && this.#inLesson());
  readonly #inLesson: () => boolean;

  constructor(inLesson: () => boolean) {
    this.#inLesson = inLesson;
  }
}
