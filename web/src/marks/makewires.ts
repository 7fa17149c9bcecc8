/** Chooses between drawing wires with WebGL and in memory. */

import { flatWires } from "./flatwires";
import { glWires } from "./glwires";
import type { Wires } from "./wires";

export function makeWires(canvas: HTMLCanvasElement): Wires {
  const gl = drawsInSoftware() ? null : canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
  return gl ? glWires(canvas, gl) : flatWires(canvas);
}

/** Whether WebGL is emulated by the processor, which browsers do not always report themselves. */
function drawsInSoftware(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return true;
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}
