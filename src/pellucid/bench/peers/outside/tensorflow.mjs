// TensorFlow.js: variables and an optimizer of its own, one `minimize` a mini-batch; the backend is the second argument.
// The batches are tensors before the first run.
import { library, load, serve } from './work.mjs';

const tf = library('@tensorflow/tfjs');
const backend = process.argv[3];
if (backend === 'wasm') library('@tensorflow/tfjs-backend-wasm');
if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} did not start`);
await tf.ready();

const work = load();
const inputs = work.layers[0];
const classes = work.layers.at(-1);
const rows = work.training ? work.batch : work.oneAtATime ? 1 : work.count;
const batches = [];
for (let start = 0; start < work.count; start += rows) {
  const end = Math.min(start + rows, work.count);
  const labels = work.labels && tf.tensor1d(work.labels.slice(start, end), 'int32');
  batches.push({
    size: end - start,
    images: tf.tensor2d(work.images.subarray(start * inputs, end * inputs), [end - start, inputs]),
    labels: labels && tf.tidy(() => tf.oneHot(labels, classes).toFloat()),
  });
}
const shapes = work.parameters.map((_, l) => [work.layers[l + 1], work.layers[l]]);

function variables() {
  return work.parameters.map(({ weight, bias }, l) => ({
    // Weights (in, out): the product then needs no transposition.
    weight: tf.tidy(() => tf.variable(tf.tensor2d(weight, shapes[l]).transpose())),
    bias: tf.variable(tf.tensor1d(bias)),
  }));
}

function logits(parameters, x) {
  let a = x;
  parameters.forEach(({ weight, bias }, l) => {
    const z = tf.add(tf.matMul(a, weight), bias);
    a = l === parameters.length - 1 ? z : work.activation === 'relu' ? tf.relu(z) : tf.sigmoid(z);
  });
  return a;
}

function optimizer() {
  if (work.optimizer === 'adam') return tf.train.adam(work.rate, 0.9, 0.999, 1e-8);
  return work.optimizer === 'momentum' ? tf.train.momentum(work.rate, 0.9) : tf.train.sgd(work.rate);
}

function epoch() {
  const parameters = variables();
  const chosen = optimizer();
  const losses = batches.map(({ images, labels }) =>
    tf.tidy(() => chosen.minimize(() => tf.losses.softmaxCrossEntropy(labels, logits(parameters, images)), true)),
  );
  // The losses are read once, at the end: reading each would wait for it.
  const total = losses.reduce((sum, loss, i) => sum + loss.dataSync()[0] * batches[i].size, 0);
  tf.dispose([...losses, ...parameters.flatMap(({ weight, bias }) => [weight, bias])]);
  chosen.dispose();
  return total / work.count;
}

function reader() {
  const parameters = variables();
  const read = (x) => tf.tidy(() => tf.softmax(logits(parameters, x)).dataSync());
  return () => {
    const answers = new Float32Array(work.count * classes);
    batches.forEach(({ images }, i) => answers.set(read(images), i * rows * classes));
    return answers;
  };
}

await serve(work.training ? epoch : reader());
