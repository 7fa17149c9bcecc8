/** Layout of the network picture: one column per layer, the inputs first. */

export interface Geometry {
  readonly width: number;
  readonly height: number;
  readonly sizes: readonly number[];
  readonly top: number;
  readonly bottom: number;
  /** Centre of each column. */
  readonly x: readonly number[];
  /** Radius of each column's neurons; half the width of the input column. */
  readonly radius: readonly number[];
  /** Where the output bars begin and end. */
  readonly bars: readonly [number, number];
}

const MARGIN = 12;
const HEAD = 26;
const WIDE = 1.5;

/**
 * `lead` is the space for the image or the names left of the inputs; `scale` is how much larger text and neurons are; `tail`
 * is more space for the bars, where there is enough.
 */
export function layout(sizes: readonly number[], width: number, height: number, lead = 0, scale = 1, tail = 0): Geometry {
  const narrow = width < 560 * scale;
  const barRoom = (narrow ? 78 * scale : Math.min(200 * scale, width * 0.19)) + tail;
  const left = lead + (narrow ? 8 : 12);
  const right = width - barRoom - (narrow ? 16 : 28);
  // The first gap, which has the most wires, is the widest.
  const steps = sizes.length - 2 + WIDE;
  const x = sizes.map((_, column) => left + ((right - left) * (column === 0 ? 0 : column - 1 + WIDE)) / steps);
  const head = HEAD * scale;
  const room = height - head - MARGIN;
  const radius = sizes.map((size, column) => (column === 0 ? (narrow ? 4 : 6) : Math.min((narrow ? 13 : 17) * scale, (room / size) * 0.42)));
  return {
    width, height, sizes, x, radius,
    top: head,
    bottom: height - MARGIN,
    bars: [right + (narrow ? 16 : 26), width - (narrow ? 4 : 8)],
  };
}

export function neuronY(geometry: Geometry, column: number, index: number): number {
  const { top, bottom, sizes } = geometry;
  return top + ((bottom - top) * (index + 0.5)) / sizes[column];
}

/** Endpoints x0, y0, x1, y1 of every wire, in the order of the weights: layer by layer, input by input, neuron by neuron. */
export function wireEnds(geometry: Geometry): Float32Array {
  const { sizes } = geometry;
  let wires = 0;
  for (let column = 1; column < sizes.length; column++) wires += sizes[column - 1] * sizes[column];
  const ends = new Float32Array(4 * wires);
  let at = 0;
  for (let column = 1; column < sizes.length; column++) {
    const x0 = geometry.x[column - 1] + geometry.radius[column - 1];
    const x1 = geometry.x[column] - geometry.radius[column];
    for (let input = 0; input < sizes[column - 1]; input++) {
      const y0 = neuronY(geometry, column - 1, input);
      for (let neuron = 0; neuron < sizes[column]; neuron++) {
        ends[at++] = x0;
        ends[at++] = y0;
        ends[at++] = x1;
        ends[at++] = neuronY(geometry, column, neuron);
      }
    }
  }
  return ends;
}

/** The neuron or input at a point, or null. */
export type Hit = { readonly column: number; readonly index: number };

export function hit(geometry: Geometry, x: number, y: number): Hit | null {
  const { sizes, top, bottom } = geometry;
  for (let column = 0; column < sizes.length; column++) {
    const tolerance = Math.max(geometry.radius[column] + 3, 9);
    const end = column === sizes.length - 1 ? geometry.bars[1] : geometry.x[column] + tolerance;
    if (x < geometry.x[column] - tolerance || x > end || y < top || y > bottom) continue;
    const index = Math.min(sizes[column] - 1, Math.floor(((y - top) / (bottom - top)) * sizes[column]));
    return { column, index };
  }
  return null;
}

/**
 * The number, in the order of the weights, of the wire nearest to a point, or -1. Only wires within `tolerance` pixels and
 * with a strength of at least `threshold` count; of two equally near, the stronger wins.
 */
export function nearestWire(
  ends: Float32Array, strengths: Float32Array, x: number, y: number, tolerance = 5, threshold = 0.02,
): number {
  let best = -1;
  let bestScore = Infinity;
  for (let wire = 0; wire < strengths.length; wire++) {
    const strength = Math.abs(strengths[wire]);
    const x0 = ends[4 * wire];
    const x1 = ends[4 * wire + 2];
    if (strength < threshold || x < x0 || x > x1) continue;
    const y0 = ends[4 * wire + 1];
    const y1 = ends[4 * wire + 3];
    const slope = (y1 - y0) / (x1 - x0);
    const away = Math.abs(y - y0 - slope * (x - x0)) / Math.hypot(1, slope);
    const score = away - 2 * strength;
    if (away <= tolerance && score < bestScore) [best, bestScore] = [wire, score];
  }
  return best;
}
