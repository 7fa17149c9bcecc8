/** Runs in the audio thread: hands blocks of the microphone's samples to the page. */

interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
}
declare class AudioWorkletProcessor {
  readonly port: Port;
}
declare function registerProcessor(name: string, made: new () => AudioWorkletProcessor): void;
declare const sampleRate: number;

/** Seconds of a block: what is shown lags by at least this. */
const BLOCK = 0.016;

class Recorder extends AudioWorkletProcessor {
  readonly #size = Math.max(128, Math.round(sampleRate * BLOCK));
  #block = new Float32Array(this.#size);
  #count = 0;

  process([[channel]]: readonly (readonly Float32Array[])[]): boolean {
    for (let at = 0; channel && at < channel.length; ) {
      const part = channel.subarray(at, at + this.#size - this.#count);
      this.#block.set(part, this.#count);
      this.#count += part.length;
      at += part.length;
      if (this.#count < this.#size) break;
      this.port.postMessage(this.#block, [this.#block.buffer]);
      // The one that was handed over is empty now.
      this.#block = new Float32Array(this.#size);
      this.#count = 0;
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
