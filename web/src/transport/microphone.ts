/** The microphone: opened on request, its samples as 16-bit integers in base64, as the server takes them. */

import recorder from "./recorder.ts?worker&url";

export interface Microphone {
  readonly rate: number;
  close(): void;
}

/** Opens the microphone without the browser's own changes of level and noise; `onBlock` gets every block once it has come. */
export async function openMicrophone(onBlock: (samples: Float32Array) => void, onEnd: () => void): Promise<Microphone> {
  if (!navigator.mediaDevices) throw new Error("Browsers open the microphone only for pages of this machine: open the studio at 127.0.0.1, or choose a recording.");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
  const context = new AudioContext({ latencyHint: "interactive" });
  function close(): void {
    for (const track of stream.getTracks()) track.stop();
    if (context.state !== "closed") void context.close();
  }
  try {
    await context.audioWorklet.addModule(recorder);
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => onBlock(data);
    for (const track of stream.getTracks()) track.onended = onEnd;
    source.connect(node);
    await context.resume();
  } catch (error) {
    close();
    throw error;
  }
  return { rate: context.sampleRate, close };
}

/** What a person can do about a microphone that did not open. */
export function microphoneTrouble(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "The browser does not let this page use the microphone: allow it beside the address, then press the button again.";
  if (name === "NotFoundError") return "This machine has no microphone: plug one in, or choose a recording.";
  if (name === "NotReadableError") return "Another program holds the microphone: close it, then press the button again.";
  return error instanceof Error ? error.message : String(error);
}

/** Samples from -1 to 1 as 16-bit integers, little-endian, in base64. */
export function encodeSamples(samples: Float32Array): string {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  for (let at = 0; at < samples.length; at++) view.setInt16(2 * at, Math.round(Math.max(-1, Math.min(1, samples[at])) * 32767), true);
  let text = "";
  const bytes = new Uint8Array(view.buffer);
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(text);
}
