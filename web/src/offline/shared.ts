/** The network inside the file: its description as JSON, its parameters as base64 of float32, little-endian. */

import type { NetworkInfo } from "../protocol/messages";
import { unpacked, type Packing } from "./bytes";
import type { Vector } from "./engine";
import type { PackedExamples } from "./examples";
import type { Sheet } from "./lessons/sheet";

/** What `pellucid.studio.sharing` writes into the page. */
export interface Shared {
  /** Version of Pellucid. */
  readonly version: string;
  readonly network: NetworkInfo;
  /** The training record in words: what, and how. */
  readonly record: readonly (readonly [string, string])[];
  readonly packing: Packing;
  /** Base64 of the packed bytes. */
  readonly parameters: string;
  /** Images to learn from, and images held out. */
  readonly examples: PackedExamples | null;
  readonly lessons: readonly Sheet[];
}

/** The element of the page that holds the network. */
export const PLACE = "shared-network";

/** The network of this page, or null in a page that nothing was written into. */
export function sharedOf(page: Document): Shared | null {
  const text = page.getElementById(PLACE)?.textContent?.trim();
  return text ? (JSON.parse(text) as Shared) : null;
}

/** The parameters, (parameterCount,). */
export async function parametersOf({ parameters, packing, network }: Shared): Promise<Vector> {
  const bytes = await unpacked(parameters, packing);
  if (bytes.byteLength !== 4 * network.parameterCount) throw new RangeError(`expected ${4 * network.parameterCount} bytes of parameters, got ${bytes.byteLength}: the file is damaged`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: network.parameterCount }, (_, at) => view.getFloat32(4 * at, true));
}
