// A workload as peer/child.py lays it out, and the loop that runs it on request.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const folder = process.argv[2];

/** The libraries are those of the folder in which the benchmark was started. */
export const library = createRequire(join(process.cwd(), 'package.json'));

function floats(name) {
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** Return settings, images (N, D), labels (N,) and parameters [{ weight: (out, in), bias: (out,) }]. */
export function load() {
  const lines = readFileSync(join(folder, 'work.txt'), 'utf8').trim().split('\n');
  const settings = Object.fromEntries(lines.map((line) => [line.split(' ')[0], line.split(' ').slice(1)]));
  const layers = settings.layers.map(Number);
  const flat = floats('parameters.f32');
  const parameters = [];
  let at = 0;
  for (let l = 1; l < layers.length; l++) {
    const size = layers[l] * layers[l - 1];
    parameters.push({ weight: flat.slice(at, at + size), bias: flat.slice(at + size, at + size + layers[l]) });
    at += size + layers[l];
  }
  const training = settings.kind[0] === 'train';
  const labels = training ? readFileSync(join(folder, 'labels.i32')) : null;
  return {
    training,
    layers,
    parameters,
    activation: settings.activation[0],
    count: Number(settings.count[0]),
    images: floats('images.f32'),
    labels: labels && new Int32Array(labels.buffer, labels.byteOffset, labels.byteLength / 4),
    optimizer: settings.optimizer?.[0],
    rate: Number(settings.rate?.[0]),
    batch: Number(settings.batch?.[0]),
    oneAtATime: settings.one?.[0] === '1',
  };
}

/** Run `once` for each line that arrives; it returns the loss, or probabilities (N, K) to leave in a file. */
export async function serve(once) {
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() !== 'run') continue;
    const result = await once();
    if (typeof result === 'number') {
      console.log(String(result));
    } else {
      writeFileSync(join(folder, 'answers.f32'), new Uint8Array(result.buffer, result.byteOffset, result.byteLength));
      console.log('0');
    }
  }
}
