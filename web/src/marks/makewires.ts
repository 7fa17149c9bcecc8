/** Draw wires with the graphics card; in memory where there is none. */

import { flatWires } from "./flatwires";
import { glWires } from "./glwires";
import type { Wires } from "./wires";

export function makeWires(canvas: HTMLCanvasElement): Wires {
  const gl = drawsInSoftware() ? null : canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
  return gl ? glWires(canvas, gl) : flatWires(canvas);
}

/** Whether WebGL would be computed by the processor; browsers do not always own up to it by themselves. */
function drawsInSoftware(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return true;
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}
