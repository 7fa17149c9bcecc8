// Made by `python -m pellucid.studio.typescript`: change src/pellucid/studio/ instead, and make it anew.

/** Bytes of JSON in one request, at most. */
export const MAX_REQUEST = 1048576;

/** An array of float32 in the payload of the frame that carries the message; see `pellucid.studio.frames`. */
export interface Floats {
  /** Where it begins, counted in float32 from the start of the payload. */
  readonly offset: number;
  /** Its sides, C order: the last index runs fastest. */
  readonly shape: readonly number[];
}

/** One movement of the pen over the pad. */
export interface Stroke {
  /** x, y, x, y, ... as shares of the pad's side, from its left and top. */
  readonly points: readonly number[];
  /** Of the line, as a share of the pad's side. */
  readonly width: number;
  /** Whether it takes ink away. */
  readonly erase: boolean;
}

/** Which steps of the centring are done; see `pellucid.data.drawings.center`. */
export interface Centring {
  /** Widen strokes thinner than nearly all of MNIST's. */
  readonly thicken: boolean;
  /** Fit the ink's box into 20x20. */
  readonly scale: boolean;
  /** Average all that falls into a pixel; otherwise take one sample for it. */
  readonly smooth: boolean;
  /** Shift the centre of mass to the centre of the field. */
  readonly mass: boolean;
}

/** One picture on the way from the pad to the 28x28 pixels. */
export interface CentringStep {
  /** Which step. */
  readonly name: "cut" | "drawn" | "fitted" | "placed" | "thickened";
  /** What was done, with its numbers, in a sentence. */
  readonly caption: string;
  /** False where the step is switched off, or changed nothing. */
  readonly done: boolean;
  /** (height, width) after the step, 0 paper to 1 full ink. */
  readonly picture: Floats;
  /** Left, top, right, bottom of what the next step looks at, in pixels of this picture. */
  readonly box: readonly [number, number, number, number];
  /** x, y of the centre of mass, in pixels of this picture. */
  readonly centre: readonly [number, number];
}

/** A dense layer that is wanted. */
export interface LayerPlan {
  /** Neurons. */
  readonly size: number;
  /** What squishes the weighted sums. */
  readonly activation: "identity" | "relu" | "sigmoid" | "softmax" | "tanh";
}

/** An optimiser that is wanted. */
export interface OptimizerPlan {
  /** Which. */
  readonly kind: "adam" | "momentum" | "sgd";
  /** Of the next step; it can be changed while training runs. */
  readonly learningRate: number;
  /** Share of the last step's velocity that is kept: momentum only. */
  readonly momentum: number;
  /** Nesterov's way of momentum. */
  readonly nesterov: boolean;
  /** Adam's memory of the gradient. */
  readonly beta1: number;
  /** Adam's memory of its square. */
  readonly beta2: number;
  /** L2 decay: adds ``decay * w`` to every gradient. */
  readonly decay: number;
}

/** All that a training run is made of; the same plan gives the same numbers, bit for bit. */
export interface LearnPlan {
  /** First layer first; the last has as many neurons as there are classes. */
  readonly layers: readonly LayerPlan[];
  /** What is minimised. */
  readonly loss: "cross_entropy" | "squared";
  /** How the steps are taken. */
  readonly optimizer: OptimizerPlan;
  /** Images in a mini-batch. */
  readonly batchSize: number;
  /** Name of the data set: one of `Welcome.data_sets`. */
  readonly data: string;
  /** Draws the initial weights and the order of the images. */
  readonly seed: number;
  /** Vary every image a little each time it is seen. */
  readonly augment: boolean;
}

/** A layer of the network, and where its parameters lie in the flat vector of `Parameters`. */
export interface LayerInfo {
  /** What it computes; only dense layers so far. */
  readonly kind: "dense";
  /** Inputs of each neuron, D. */
  readonly inputs: number;
  /** Neurons, K. */
  readonly outputs: number;
  /** What squishes the weighted sums. */
  readonly activation: "identity" | "relu" | "sigmoid" | "softmax" | "tanh";
  /** In one line, such as "a = sigmoid(W x + b)". */
  readonly equation: string;
  /** Where the weights begin: that from input i to neuron j is number ``weight + i * outputs + j``. */
  readonly weight: number;
  /** Where the biases begin: that of neuron j is number ``bias + j``. */
  readonly bias: number;
}

/** What the network is, without its parameters. */
export interface NetworkInfo {
  /** Of the file or shipped network, or "trained here". */
  readonly name: string;
  /** Such as [28, 28]. */
  readonly inputShape: readonly number[];
  /** The outputs by name, (K,). */
  readonly classes: readonly string[];
  /** First layer first. */
  readonly layers: readonly LayerInfo[];
  /** Weights and biases in all: 13,002 for 784-16-16-10. */
  readonly parameterCount: number;
  /** That the initial weights are drawn from. */
  readonly seed: number;
  /** The loss it was or will be trained with. */
  readonly loss: "cross_entropy" | "squared";
}

/** The data set in use. */
export interface DataInfo {
  /** Such as "digits" or "mnist". */
  readonly name: string;
  /** Images to learn from. */
  readonly train: number;
  /** Images held out. */
  readonly test: number;
  /** Names of the labels. */
  readonly classes: readonly string[];
}

/** A data set that can be chosen. */
export interface DataChoice {
  /** For `LearnPlan.data`. */
  readonly name: string;
  /** How many: outputs that a network for it needs. */
  readonly classes: number;
  /** Whether it is on this machine; otherwise `FetchData` brings it. */
  readonly here: boolean;
  /** What it is, in a few words; of one to be fetched also from where, and how large. */
  readonly note: string;
}

/** One change to the network that can be undone. */
export interface Change {
  /** Counts up; never used twice in a session. */
  readonly id: number;
  /** What was done. */
  readonly kind: "knobs" | "layer" | "neuron" | "noise" | "reset" | "step";
  /** In words, such as "layers[0].weight[3, 120]: 0.12 to 0.70". */
  readonly text: string;
  /** The knob, where it was one alone. */
  readonly knob: number | null;
  /** Its value before. */
  readonly before: number | null;
  /** Its value after. */
  readonly after: number | null;
}

/** A neuron whose activation is multiplied on its way on: 0 is switched off. */
export interface Factor {
  /** From 0; -1 stands for the inputs. */
  readonly layer: number;
  /** From 0. */
  readonly neuron: number;
  /** 1 where nothing is changed. */
  readonly factor: number;
}

/** An image of the data set. */
export interface Example {
  /** Where it is. */
  readonly part: "test" | "train";
  /** Which, from 0. */
  readonly index: number;
}

/** The pen moved: put points at the end of a stroke. Answered by `Reading`. */
export interface Pen {
  readonly type: "pen";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Which stroke: the last one, or one more than there are, which begins a new one (and forgets undone ones). */
  readonly stroke: number;
  /** The new points only: x, y, x, y, ... as shares of the pad's side, from its left and top. */
  readonly points: readonly number[];
  /** Of the line, as a share of the pad's side; of a new stroke. */
  readonly width: number;
  /** Whether it takes ink away; of a new stroke. By default false. */
  readonly erase?: boolean;
}

/** Take back the last stroke. Answered by `Drawing` and `Reading`. */
export interface UndoStroke {
  readonly type: "undoStroke";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** Draw the stroke last taken back again. Answered by `Drawing` and `Reading`. */
export interface RedoStroke {
  readonly type: "redoStroke";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** Empty the pad; `UndoStroke` brings back what was there. Answered by `Drawing` and `Reading`. */
export interface ClearDrawing {
  readonly type: "clearDrawing";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** Put a whole drawing on the pad. Answered by `Drawing` and `Reading`. */
export interface SetDrawing {
  readonly type: "setDrawing";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** In the order in which they were drawn. */
  readonly strokes: readonly Stroke[];
}

/** Read an image of the data set instead of the pad. Answered by `Drawing` and `Reading`. */
export interface OpenExample {
  readonly type: "openExample";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Where it is. */
  readonly part: "test" | "train";
  /** Which, from 0. */
  readonly index: number;
}

/** Read these pixels as they are. Answered by `Drawing` and `Reading`. */
export interface OpenPixels {
  readonly type: "openPixels";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** (784,) row by row, 0 paper to 1 full ink. */
  readonly pixels: readonly number[];
}

/** Switch steps of the centring, and whether their pictures are sent. Answered by `Reading`. */
export interface SetCentring {
  readonly type: "setCentring";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** The steps. */
  readonly centring: Centring;
  /** Whether `Reading.steps` is filled in. */
  readonly pictures: boolean;
}

/** Who voted for what a neuron says of the present picture? Answered by `Votes`. */
export interface AskVotes {
  readonly type: "askVotes";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** From 0. */
  readonly layer: number;
  /** From 0. */
  readonly neuron: number;
}

/** A page of the data set's images. Answered by `Examples`. */
export interface BrowseExamples {
  readonly type: "browseExamples";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Where to look. */
  readonly part: "test" | "train";
  /** How many that fit to leave out. */
  readonly begin: number;
  /** How many to send, at most. */
  readonly count: number;
  /** Only those of this class. */
  readonly label?: number | null;
  /** Only those that the network reads as this class. */
  readonly reading?: number | null;
  /** Only those that the network reads wrong. By default false. */
  readonly wrong?: boolean;
}

/** Take up a shipped network. Answered by `Network` and all that follows from it. */
export interface LoadNetwork {
  readonly type: "loadNetwork";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** One of `Welcome.networks`. */
  readonly name: string;
}

/** Set weights and biases. Answered by `Turned`, `Reading` and, a little later, `Judged`. */
export interface TurnKnobs {
  readonly type: "turnKnobs";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Which, (n,). */
  readonly knobs: readonly number[];
  /** Their new values, (n,). */
  readonly values: readonly number[];
  /** Turns with the same number, one after another, are undone as one, whichever knobs they turn. */
  readonly gesture: number;
}

/** Knobs by name. Answered by `Knobs`. */
export interface FindKnobs {
  readonly type: "findKnobs";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Beginning or part of a name, such as "layers[0].weight[3, 120]", "bias 2" or "0 3 120". */
  readonly query: string;
  /** How many to send, at most. By default 20. */
  readonly count?: number;
}

/** The loss and accuracy for a range of values of one knob, which stays as it is. Answered by `Swept`. */
export interface SweepKnob {
  readonly type: "sweepKnob";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Which. */
  readonly knob: number;
  /** First value. */
  readonly low: number;
  /** Last value. */
  readonly high: number;
  /** How many values, evenly spaced. */
  readonly count: number;
}

/** Multiply what a neuron hands on: 0 switches it off, 1 restores it. Answered as `TurnKnobs`. A hidden neuron's or pixel's activation is multiplied; of the last layer, the weighted sum. */
export interface ScaleNeuron {
  readonly type: "scaleNeuron";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** From 0; -1 stands for the inputs. */
  readonly layer: number;
  /** From 0. */
  readonly neuron: number;
  /** What to multiply by. */
  readonly factor: number;
  /** As in `TurnKnobs`. */
  readonly gesture: number;
}

/** Multiply what all neurons of a layer hand on; 0 zeroes the layer. Answered as `TurnKnobs`. */
export interface ScaleLayer {
  readonly type: "scaleLayer";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** From 0; -1 stands for the inputs. */
  readonly layer: number;
  /** What to multiply by. */
  readonly factor: number;
  /** As in `TurnKnobs`. */
  readonly gesture: number;
}

/** Add normal noise to weights and biases. Answered as `TurnKnobs`. */
export interface AddNoise {
  readonly type: "addNoise";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Which layer; None for all. */
  readonly layer: number | null;
  /** Standard deviation, as a share of that of the layer's weights. */
  readonly spread: number;
  /** Draws the noise. */
  readonly seed: number;
  /** As in `TurnKnobs`: within a gesture the noise replaces that of before. */
  readonly gesture: number;
}

/** Take back the last change. Answered as `TurnKnobs`. */
export interface UndoTurn {
  readonly type: "undoTurn";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** Make the change last taken back again. Answered as `TurnKnobs`. */
export interface RedoTurn {
  readonly type: "redoTurn";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** Undo or redo until so many changes stand. Answered as `TurnKnobs`. */
export interface GoToChange {
  readonly type: "goToChange";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** How many of `Turned.changes` shall stand. */
  readonly position: number;
}

/** Set all knobs back, switched neurons too; that is a change and can be undone. Answered as `TurnKnobs`. */
export interface ResetKnobs {
  readonly type: "resetKnobs";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** As they were loaded or last trained, or as the network's seed drew them: the same every time. */
  readonly to: "initial" | "trained";
}

/** Make a new network and a training run for it. Answered by `Network`, `Training` and what follows from them. */
export interface SetUp {
  readonly type: "setUp";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** All of it. */
  readonly plan: LearnPlan;
  /** Go on with the present network's parameters, whose layers the plan must then have. By default false. */
  readonly keepNetwork?: boolean;
}

/** Download a data set that is not on this machine. Answered by `DataSets`, over and over until it is here. It is the only request for which the server asks another machine. */
export interface FetchData {
  readonly type: "fetchData";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** One of `DataSets.choices`. */
  readonly name: string;
}

/** Let training run. Answered by `Training`, then `Picture` up to 60 times a second, `EpochDone`, `Examined`. */
export interface Train {
  readonly type: "train";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** Stop after the mini-batches under way. Answered by `Training`. */
export interface Pause {
  readonly type: "pause";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** Take mini-batches one by one, then pause. Answered by `Training` and `Picture`. */
export interface StepBatches {
  readonly type: "stepBatches";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** How many. By default 1. */
  readonly count?: number;
}

/** Train until the epoch is over, then pause. Answered as `Train`. */
export interface RunToEpoch {
  readonly type: "runToEpoch";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** How fast to go. Answered by `Training`. */
export interface SetPace {
  readonly type: "setPace";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** At most so many mini-batches a second; None for full speed. */
  readonly batchesPerSecond: number | null;
}

/** Another learning rate, also while training runs. Answered by `Training`. */
export interface SetRate {
  readonly type: "setRate";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Of the steps to come. */
  readonly learningRate: number;
}

/** Go back or forth in time to a step there has been: the same bits as then. Answered by `Training`, `Picture`. */
export interface GoToStep {
  readonly type: "goToStep";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Mini-batches done since the start, from 0 to `Training.last_step`. */
  readonly step: number;
  /** True while the pointer still moves: what takes long (`Judged`, `Health`) is then left for later. By default false. */
  readonly scrubbing?: boolean;
}

/** The whole history once more, to draw the curves anew. Answered by `Curves`. */
export interface AskCurves {
  readonly type: "askCurves";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** About how many points to send, at most. By default 1000. */
  readonly count?: number;
}

/** The page has drawn the last picture and has time for another. Answered by `Picture`, once training goes on. */
export interface NextPicture {
  readonly type: "nextPicture";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** Confusion matrix and wrongly read images of the network as it stands. Answered by `Examined`. */
export interface AskExamined {
  readonly type: "askExamined";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
}

/** The loss around the path of training. Answered by `LossPlane`. */
export interface AskLossPlane {
  readonly type: "askLossPlane";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Points along each axis of the grid. By default 25. */
  readonly side?: number;
  /** Training images over which each loss is taken, at most. By default 2000. */
  readonly images?: number;
  /** How far the grid goes past the path, as a share of the path's extent. By default 0.3. */
  readonly margin?: number;
}

/** Backpropagation of the present picture. Answered by `Nudges`. */
export interface AskNudges {
  readonly type: "askNudges";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** The class that is wanted; by default the example's own label. */
  readonly label?: number | null;
  /** By default the network's. */
  readonly loss?: "cross_entropy" | "squared" | null;
}

/** The gradient averaged over a mini-batch. Answered by `BatchNudges`. */
export interface AskBatchNudges {
  readonly type: "askBatchNudges";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Where the images come from. */
  readonly part: "test" | "train";
  /** Which, (n,). */
  readonly indices: readonly number[];
  /** A knob whose wish by each of the images is wanted too. */
  readonly knob?: number | null;
  /** By default the network's. */
  readonly loss?: "cross_entropy" | "squared" | null;
}

/** Check one number of the last `Nudges` by a finite difference. Answered by `Checked`. */
export interface CheckNudge {
  readonly type: "checkNudge";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** What the cost is differentiated by. */
  readonly kind: "activation" | "input" | "parameter";
  /** The weight or bias: parameter only. By default 0. */
  readonly knob?: number;
  /** The layer: activation only. By default 0. */
  readonly layer?: number;
  /** The neuron of that layer, or the pixel. By default 0. */
  readonly neuron?: number;
}

/** Take the step that the last `Nudges` or `BatchNudges` asks for: ``p -= rate * gradient``. Answered by `Stepped` and as `TurnKnobs`. */
export interface TakeStep {
  readonly type: "takeStep";
  /** The page's number for it, counting up; `request` of the events that answer it. */
  readonly id: number;
  /** Which of the two. */
  readonly of: "batch" | "example";
  /** The rate. */
  readonly learningRate: number;
}

/** The first event of a connection. `Network`, `Parameters`, `Turned`, `Drawing`, `Reading`, `Judged`, `Training` and `Curves` follow at once, so that a page that comes back shows what it showed. */
export interface Welcome {
  readonly type: "welcome";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** To come back to this session: connect with ``?session=`` and this. Also the key of uploads and downloads. */
  readonly session: string;
  /** Whether the session was there already. */
  readonly resumed: boolean;
  /** Pellucid's. */
  readonly version: string;
  /** Shipped networks, for `LoadNetwork`. */
  readonly networks: readonly string[];
  /** Names for `LearnPlan.data`; what is not on this machine is not among them. */
  readonly dataSets: readonly string[];
  /** Bytes that an uploaded file may have. */
  readonly maxUpload: number;
}

/** A request could not be done; the session stands as it did before. */
export interface Failed {
  readonly type: "failed";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** malformed: no message of the schema; too_large: more than is read; out_of_order: makes no sense now; bad_value: a value means nothing here; unavailable: not on this machine; busy: too many at once. */
  readonly code: "bad_value" | "busy" | "diverged" | "internal" | "malformed" | "out_of_order" | "too_large" | "unavailable";
  /** What was expected, what came, what to do; a sentence for people. */
  readonly message: string;
}

/** The connection ends, on purpose. */
export interface Gone {
  readonly type: "gone";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** The session was opened in another tab; was idle for long; there are too many; the server stops. */
  readonly reason: "closing" | "elsewhere" | "full" | "idle";
}

/** Another network; `Parameters` follows. */
export interface Network {
  readonly type: "network";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** What it is. */
  readonly network: NetworkInfo;
  /** What it is judged by and learns from. */
  readonly data: DataInfo;
}

/** All knobs as they stand. */
export interface Parameters {
  readonly type: "parameters";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Counts up with every change to the network; events that depend on it repeat it. */
  readonly version: number;
  /** (parameterCount,), see `LayerInfo` for what lies where. */
  readonly knobs: Floats;
  /** The same with switched neurons and layers put in, which is what computes; None where nothing is switched. */
  readonly effective: Floats | null;
  /** (parameterCount,): as loaded or last trained, which the changes are told from. */
  readonly trained: Floats;
}

/** What is read: strokes, an uploaded picture, an example or bare pixels. */
export interface Drawing {
  readonly type: "drawing";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Which. */
  readonly source: "example" | "pad" | "picture" | "pixels";
  /** On the pad; empty unless that is the source. */
  readonly strokes: readonly Stroke[];
  /** Whether `UndoStroke` does something. */
  readonly canUndo: boolean;
  /** Whether `RedoStroke` does something. */
  readonly canRedo: boolean;
  /** Which image of the data set, where it is one. */
  readonly example: Example | null;
  /** Its class, where it has one. */
  readonly label: number | null;
  /** The steps that are switched on. */
  readonly centring: Centring;
  /** Whether `Reading.steps` is filled in. */
  readonly pictures: boolean;
}

/** One layer at work. */
export interface LayerReading {
  /** z, (K,): the weighted sums with the bias. */
  readonly sums: Floats;
  /** a, (K,): what the activation function makes of them. */
  readonly activations: Floats;
}

/** What the network makes of the present picture. */
export interface Reading {
  readonly type: "reading";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Of the network. */
  readonly version: number;
  /** (28, 28), 0 paper to 1 full ink: what stands at the inputs. */
  readonly pixels: Floats;
  /** First layer first; the last one's activations are the outputs. */
  readonly layers: readonly LayerReading[];
  /** The classes, the largest output first. */
  readonly order: readonly number[];
  /** Such as "3 at 0.60, then 8 at 0.40"; empty where there is no ink. */
  readonly words: string;
  /** The centring; empty unless asked for by `SetCentring.pictures`, and where there is none. */
  readonly steps: readonly CentringStep[];
}

/** Every term of one neuron's weighted sum: w a, for the present picture. */
export interface Votes {
  readonly type: "votes";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Of the network. */
  readonly version: number;
  /** From 0. */
  readonly layer: number;
  /** From 0. */
  readonly neuron: number;
  /** a, (D,). */
  readonly inputs: Floats;
  /** w, (D,). */
  readonly weights: Floats;
  /** w a, (D,). */
  readonly terms: Floats;
  /** Inputs by the size of their term, the largest first, (D,). */
  readonly ranking: readonly number[];
  /** b. */
  readonly bias: number;
  /** z = sum of w a, plus b. */
  readonly sum: number;
  /** Sum of the terms above 0. */
  readonly positive: number;
  /** Sum of the terms below 0. */
  readonly negative: number;
  /** da/dz; of softmax a (1 - a). */
  readonly slope: number;
  /** a of the neuron. */
  readonly activation: number;
  /** With the numbers in it, such as "sigmoid(1.31 - 0.42) = 0.71". */
  readonly formula: string;
}

/** Images of the data set. */
export interface Examples {
  readonly type: "examples";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Where they are. */
  readonly part: "test" | "train";
  /** As it was asked. */
  readonly begin: number;
  /** How many fit in all. */
  readonly found: number;
  /** Which, (n,). */
  readonly indices: readonly number[];
  /** Their classes, (n,). */
  readonly labels: readonly number[];
  /** What the network reads, (n,). */
  readonly readings: readonly number[];
  /** The largest output, (n,). */
  readonly confidences: Floats;
  /** (n, 28, 28), 0 to 1. */
  readonly pixels: Floats;
}

/** The network was changed; where `knobs` is None the whole vector follows in `Parameters`. */
export interface Turned {
  readonly type: "turned";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** After the change. */
  readonly version: number;
  /** Which, (n,). */
  readonly knobs: readonly number[] | null;
  /** Their values now, (n,). */
  readonly values: readonly number[] | null;
  /** Done and undone ones, oldest first; of more than 1,000 the oldest are forgotten. */
  readonly changes: readonly Change[];
  /** How many of them stand; the rest can be made again. */
  readonly position: number;
  /** Neurons switched off or scaled now. */
  readonly factors: readonly Factor[];
  /** Spread of the noise in the list of changes that stand; 0 where there is none. */
  readonly noise: number;
}

/** How well the network reads the images held out. */
export interface Judged {
  readonly type: "judged";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Of the network that was judged. */
  readonly version: number;
  /** Share read right. */
  readonly accuracy: number;
  /** How many. */
  readonly right: number;
  /** Of how many. */
  readonly total: number;
  /** Mean loss. */
  readonly loss: number;
  /** Accuracy as loaded or last trained, before the changes. */
  readonly baseline: number;
  /** Whether the network has learnt from these images, so that they prove little: a shipped network, judged by the embedded digits, which are a part of MNIST's training images. */
  readonly seen: boolean;
}

/** A knob by name. */
export interface KnobInfo {
  /** Its index in the flat vector. */
  readonly knob: number;
  /** As in Python: "layers[0].weight[3, 120]" is from input 120 to neuron 3. */
  readonly name: string;
  /** From 0. */
  readonly layer: number;
  /** From 0. */
  readonly neuron: number;
  /** From 0; None for a bias. */
  readonly input: number | null;
  /** Now. */
  readonly value: number;
  /** As loaded or last trained. */
  readonly trained: number;
  /** As the network's seed drew it. */
  readonly initial: number;
}

/** What `FindKnobs` found. */
export interface Knobs {
  readonly type: "knobs";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** How many fit in all. */
  readonly found: number;
  /** The first of them. */
  readonly knobs: readonly KnobInfo[];
}

/** The network judged with one knob at many values. */
export interface Swept {
  readonly type: "swept";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Of the network. */
  readonly version: number;
  /** Which. */
  readonly knob: number;
  /** Of the knob, (n,). */
  readonly values: Floats;
  /** On the images held out, (n,). */
  readonly accuracies: Floats;
  /** On the images held out, (n,). */
  readonly losses: Floats;
}

/** What can be learnt from; after `Welcome`, and as a download goes on. */
export interface DataSets {
  readonly type: "dataSets";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Those on this machine, then those that can be fetched. */
  readonly choices: readonly DataChoice[];
  /** How far a download is, in words; None where none is under way. */
  readonly fetching: string | null;
}

/** Where training stands. */
export interface Training {
  readonly type: "training";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** What it is made of, the learning rate as it is now. */
  readonly plan: LearnPlan;
  /** stepping: until so many mini-batches or the epoch are done. */
  readonly state: "diverged" | "paused" | "ready" | "running" | "stepping";
  /** Mini-batches done. */
  readonly step: number;
  /** The earliest that can be gone back to: 0, unless very much was changed on the way. */
  readonly firstStep: number;
  /** The furthest there has been on this line of time. */
  readonly lastStep: number;
  /** Whole epochs done. */
  readonly epoch: number;
  /** Mini-batches of this epoch done. */
  readonly batch: number;
  /** Mini-batches in an epoch. */
  readonly stepsPerEpoch: number;
  /** Spent training. */
  readonly seconds: number;
  /** The pace asked for; None is full speed. */
  readonly batchesPerSecond: number | null;
  /** Of the next step. */
  readonly learningRate: number;
  /** Why training stopped, where the loss ran away: in a sentence. */
  readonly trouble: string | null;
}

/** The network as it learns: one for each `NextPicture`, at most 60 a second; and wherever training rests. */
export interface Picture {
  readonly type: "picture";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Of the network. */
  readonly version: number;
  /** Mini-batches done. */
  readonly step: number;
  /** Whole epochs done. */
  readonly epoch: number;
  /** All parameters, (parameterCount,). */
  readonly knobs: Floats;
  /** Numbers of the mini-batches done since the last picture, (n,); exact up to 2^24. Where there were many, several are one point, which bears the number of its last. */
  readonly steps: Floats;
  /** The mean loss of each point, before its steps, (n,). */
  readonly losses: Floats;
  /** The share of each read right, before its steps, (n,). */
  readonly accuracies: Floats;
  /** Mini-batches a second, lately. */
  readonly speed: number;
  /** The present drawing, as the network reads it now. */
  readonly reading: readonly LayerReading[];
}

/** What a network's layers do while it learns; twice a second, and whenever training pauses. */
export interface Health {
  readonly type: "health";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Of the network. */
  readonly version: number;
  /** Mini-batches done. */
  readonly step: number;
  /** Root mean square of the gradient of each layer's weights and biases, (layers,). */
  readonly gradients: Floats;
  /** Euclidean length of it, (layers,). */
  readonly gradientNorms: Floats;
  /** Euclidean length of the weights and biases, (layers,). */
  readonly weightNorms: Floats;
  /** Neurons that hand on 0 (less than 1e-6) for every image looked at, a list for each layer. */
  readonly dead: readonly (readonly number[])[];
  /** Neurons with hardly any slope (sigmoid, tanh: below 0.01 of the steepest) for 95 % of them, likewise. */
  readonly saturated: readonly (readonly number[])[];
  /** How many images were looked at. */
  readonly images: number;
}

/** An epoch is over and was judged; of epochs that follow each other quickly, some are not, to keep them quick. */
export interface EpochDone {
  readonly type: "epochDone";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Counts from 1. */
  readonly epoch: number;
  /** Mini-batches done. */
  readonly step: number;
  /** Mean over its mini-batches, each before its step. */
  readonly loss: number;
  /** Likewise. */
  readonly accuracy: number;
  /** On the images held out, at its end. */
  readonly testLoss: number;
  /** Likewise. */
  readonly testAccuracy: number;
  /** Spent training, in all. */
  readonly seconds: number;
}

/** The history so far, thinned out; in place of whatever the page has. */
export interface Curves {
  readonly type: "curves";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Last mini-batch of each point, (n,). */
  readonly steps: Floats;
  /** Mean over the mini-batches of each point, (n,). */
  readonly losses: Floats;
  /** Likewise, (n,). */
  readonly accuracies: Floats;
  /** Last mini-batch of each epoch, (epochs,). */
  readonly epochSteps: Floats;
  /** At the end of each epoch, (epochs,). */
  readonly testLosses: Floats;
  /** Likewise, (epochs,). */
  readonly testAccuracies: Floats;
  /** Steps at which the learning rate was set, (m,). */
  readonly rateSteps: Floats;
  /** To what, (m,). */
  readonly rates: Floats;
}

/** What the network confuses, on the images held out. */
export interface Examined {
  readonly type: "examined";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Of the network. */
  readonly version: number;
  /** (K, K): images of the class of the row, read as that of the column. */
  readonly confusion: Floats;
  /** Images in all. */
  readonly total: number;
  /** How many of them are read wrong. */
  readonly wrong: number;
  /** The wrongly read ones, the surest first, at most 200: (n,). */
  readonly indices: readonly number[];
  /** What they are, (n,). */
  readonly labels: readonly number[];
  /** What the network reads, (n,). */
  readonly readings: readonly number[];
  /** The largest output, (n,). */
  readonly confidences: Floats;
  /** (n, 28, 28), 0 to 1. */
  readonly pixels: Floats;
}

/** The loss on a plane through the path of training, along the path's two principal directions. */
export interface LossPlane {
  readonly type: "lossPlane";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Places along the first direction, (n,), in units of parameter space; 0 is where training stands. */
  readonly xs: Floats;
  /** Along the second, (n,). */
  readonly ys: Floats;
  /** (n, n), row by row of ys; what is too large for float32 is 3.4e38. */
  readonly losses: Floats;
  /** (m, 2): the path on the plane. */
  readonly path: Floats;
  /** Mini-batches done at each point of it, (m,). */
  readonly pathSteps: Floats;
  /** The loss at each point of the path itself, not of its shadow on the plane, (m,). */
  readonly pathLosses: Floats;
  /** How far each point of the path lies off the plane, (m,). */
  readonly distances: Floats;
  /** Share of the path's variance along the first direction, and along the second. */
  readonly explained: readonly number[];
  /** Training images over which each loss was taken. */
  readonly images: number;
  /** Mini-batches done when it was made. */
  readonly step: number;
}

/** A layer on the way back. What a number should do is the opposite of its derivative. */
export interface NudgeLayer {
  /** a of the layer before, (D,). */
  readonly inputs: Floats;
  /** w, (K, D): row j holds those of neuron j. */
  readonly weights: Floats;
  /** z, (K,). */
  readonly sums: Floats;
  /** a, (K,). */
  readonly activations: Floats;
  /** dC/da, (K,); for softmax outputs with cross-entropy, that of the formula -ln a. */
  readonly byActivations: Floats;
  /** da/dz, (K,); of softmax its diagonal, a (1 - a). */
  readonly slopes: Floats;
  /** dC/dz, (K,). */
  readonly bySums: Floats;
  /** dC/dw = dC/dz times a, (K, D). */
  readonly byWeights: Floats;
  /** dC/db = dC/dz, (K,). */
  readonly byBiases: Floats;
  /** dC/da of the layer before: sum over j of w dC/dz, (D,). */
  readonly byInputs: Floats;
}

/** One stage of the story, in the order in which it is told. */
export interface NudgeStage {
  /** What it is about. */
  readonly kind: "biases" | "cost" | "forward" | "inputs" | "outputs" | "pixels" | "sums" | "weights";
  /** The layer it is about; -1 for none. */
  readonly layer: number;
  /** In a few words. */
  readonly title: string;
  /** In a sentence or two, with the numbers of this picture. */
  readonly caption: string;
}

/** Backpropagation of the present picture; every number is the engine's. */
export interface Nudges {
  readonly type: "nudges";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Of the network. */
  readonly version: number;
  /** The class that is wanted. */
  readonly label: number;
  /** Which loss. */
  readonly loss: "cross_entropy" | "squared";
  /** Its value, C. */
  readonly cost: number;
  /** What the outputs should be, (K,). */
  readonly targets: Floats;
  /** The share of each output in the cost, (K,); they add up to it. */
  readonly costs: Floats;
  /** -dC/dz of each output, (K,): which way, and how much, each wants to be nudged. */
  readonly wishes: Floats;
  /** First layer first. */
  readonly layers: readonly NudgeLayer[];
  /** What to show, in order. */
  readonly stages: readonly NudgeStage[];
  /** Length of the gradient by all parameters. */
  readonly gradientNorm: number;
}

/** The gradient averaged over a mini-batch. */
export interface BatchNudges {
  readonly type: "batchNudges";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** Of the network. */
  readonly version: number;
  /** Mean over the images. */
  readonly cost: number;
  /** Of each image, (n,). */
  readonly costs: Floats;
  /** Of each image, (n,). */
  readonly labels: readonly number[];
  /** (parameterCount,). */
  readonly gradient: Floats;
  /** -dC/dknob for each of the images, (n,), where a knob was named; their mean is the knob's. */
  readonly wishes: Floats | null;
  /** Length of each image's own gradient, (n,). */
  readonly norms: Floats;
  /** Length of the averaged one: shorter, since the images disagree. */
  readonly gradientNorm: number;
}

/** One derivative checked: the cost computed anew on either side of it. */
export interface Checked {
  readonly type: "checked";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** As asked. */
  readonly kind: "activation" | "input" | "parameter";
  /** What was moved, such as "layers[0].weight[3, 120]". */
  readonly name: string;
  /** Its value. */
  readonly value: number;
  /** What backpropagation says. */
  readonly derivative: number;
  /** (C(value + h) - C(value - h)) / 2 h. */
  readonly difference: number;
  /** How far it was moved. */
  readonly h: number;
  /** C(value + h), in 64-bit numbers. */
  readonly costAbove: number;
  /** C(value - h). */
  readonly costBelow: number;
  /** |derivative - difference| over the larger of the two; 0 where both are 0. */
  readonly relativeError: number;
  /** Whether they agree as far as 32-bit numbers can. */
  readonly agrees: boolean;
}

/** A step was taken in Nudge. */
export interface Stepped {
  readonly type: "stepped";
  /** The `id` of the request it answers; 0 where nobody asked. */
  readonly request: number;
  /** After it. */
  readonly version: number;
  /** C of the picture or the mini-batch. */
  readonly costBefore: number;
  /** C of the same, after the step. */
  readonly costAfter: number;
  /** C after it if the cost were a plane: before - rate * |gradient|^2. */
  readonly predicted: number;
  /** The rate. */
  readonly learningRate: number;
  /** |gradient|. */
  readonly gradientNorm: number;
}

/** All that the page can ask. */
export type AnyRequest =
  | Pen
  | UndoStroke
  | RedoStroke
  | ClearDrawing
  | SetDrawing
  | OpenExample
  | OpenPixels
  | SetCentring
  | AskVotes
  | BrowseExamples
  | LoadNetwork
  | TurnKnobs
  | FindKnobs
  | SweepKnob
  | ScaleNeuron
  | ScaleLayer
  | AddNoise
  | UndoTurn
  | RedoTurn
  | GoToChange
  | ResetKnobs
  | SetUp
  | FetchData
  | Train
  | Pause
  | StepBatches
  | RunToEpoch
  | SetPace
  | SetRate
  | GoToStep
  | AskCurves
  | NextPicture
  | AskExamined
  | AskLossPlane
  | AskNudges
  | AskBatchNudges
  | CheckNudge
  | TakeStep;

/** All that the server can tell. */
export type AnyEvent =
  | Welcome
  | Failed
  | Gone
  | Network
  | Parameters
  | Drawing
  | Reading
  | Votes
  | Examples
  | Turned
  | Judged
  | Knobs
  | Swept
  | DataSets
  | Training
  | Picture
  | Health
  | EpochDone
  | Curves
  | Examined
  | LossPlane
  | Nudges
  | BatchNudges
  | Checked
  | Stepped;
