/** Plays a part of a recording, and tells where it is. */

export interface Player {
  /** Plays samples from `begin` to `end` seconds; `onTime` is called at every frame, and with null at the end. */
  play(samples: Float32Array<ArrayBuffer>, rate: number, begin: number, end: number, onTime: (seconds: number | null) => void): void;
  stop(): void;
}

export function makePlayer(): Player {
  let context: AudioContext | null = null;
  let source: AudioBufferSourceNode | null = null;
  let tell: ((seconds: number | null) => void) | null = null;

  function stop(): void {
    const told = tell;
    tell = null;
    source?.stop();
    source = null;
    told?.(null);
  }

  return {
    play(samples, rate, begin, end, onTime) {
      stop();
      if (samples.length === 0 || end <= begin) return;
      context ??= new AudioContext();
      void context.resume();
      const buffer = context.createBuffer(1, samples.length, rate);
      buffer.copyToChannel(samples, 0);
      const playing = context.createBufferSource();
      playing.buffer = buffer;
      playing.connect(context.destination);
      playing.start(0, begin, end - begin);
      source = playing;
      tell = onTime;
      const started = context.currentTime;
      playing.onended = () => {
        if (source === playing) stop();
      };
      const follow = () => {
        if (source !== playing || !context) return;
        onTime(Math.min(end, begin + context.currentTime - started));
        requestAnimationFrame(follow);
      };
      requestAnimationFrame(follow);
    },
    stop,
  };
}
