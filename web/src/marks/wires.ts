/**
 * Every wire of the network in one WebGL layer: a thin quad each, brightness by strength, negative ones dashed.
 *
 * Where a graphics card is missing, `flatwires.ts` draws them instead.
 */

import { flatWires } from "./flatwires";
import type { Palette } from "./palette";

export interface Wires {
  /** Size in CSS pixels, and how many device pixels make one. */
  resize(width: number, height: number, ratio: number): void;
  /** x0, y0, x1, y1 of each wire, in CSS pixels. */
  setEnds(ends: Float32Array): void;
  /** -1..1 of each wire. */
  setStrengths(strengths: Float32Array): void;
  /** Draw; wires whose strength is below `least` are left out, and all are multiplied by `opacity`. */
  draw(palette: Palette, least: number, opacity: number): void;
  /** Whether what was drawn last is still being worked on: drawing more would only queue up. */
  busy(): boolean;
  /** Whether `draw` spreads its work over frames by itself. */
  readonly progressive: boolean;
  dispose(): void;
}

const VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec2 corner;
layout(location=1) in vec4 ends;
layout(location=2) in float strength;
uniform vec2 size;
uniform vec3 positive, negative;
uniform float least, opacity;
out vec4 tint;
out float along;
out float across;
flat out float dashed;
void main() {
  float s = min(abs(strength), 1.0);
  float alpha = opacity * pow(s, 0.72);
  if (s < least || alpha < 0.004) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); return; }
  vec2 from = ends.xy, to = ends.zw;
  float reach = distance(from, to);
  vec2 direction = (to - from) / reach;
  float half_width = 0.8 + 0.7 * s;
  vec2 at = mix(from, to, corner.x) + vec2(-direction.y, direction.x) * corner.y * half_width;
  gl_Position = vec4(at / size * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
  tint = vec4(strength < 0.0 ? negative : positive, alpha);
  along = corner.x * reach;
  across = corner.y;
  dashed = strength < 0.0 ? 1.0 : 0.0;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 tint;
in float along;
in float across;
flat in float dashed;
out vec4 colour;
void main() {
  float dash = dashed > 0.5 ? clamp(4.0 - abs(mod(along, 10.0) - 3.5), 0.0, 1.0) : 1.0;
  float alpha = tint.a * dash * min(1.0, 1.6 * (1.0 - abs(across)));
  colour = vec4(tint.rgb * alpha, alpha);
}`;

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

function glWires(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext): Wires {
  const program = link(gl);
  const place = (name: string) => gl.getUniformLocation(program, name);
  const uniforms = {
    size: place("size"), positive: place("positive"), negative: place("negative"), least: place("least"), opacity: place("opacity"),
  };
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  attribute(gl, 0, 2, 0, new Float32Array([0, -1, 1, -1, 0, 1, 1, 1]));
  const endBuffer = attribute(gl, 1, 4, 1, null);
  const strengthBuffer = attribute(gl, 2, 1, 1, null);
  let [width, height, count] = [1, 1, 0];
  let fence: WebGLSync | null = null;
  return {
    progressive: false,
    resize(newWidth, newHeight, ratio) {
      [width, height] = [newWidth, newHeight];
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    },
    setEnds(ends) {
      count = ends.length / 4;
      gl.bindBuffer(gl.ARRAY_BUFFER, endBuffer);
      gl.bufferData(gl.ARRAY_BUFFER, ends, gl.STATIC_DRAW);
    },
    setStrengths(strengths) {
      gl.bindBuffer(gl.ARRAY_BUFFER, strengthBuffer);
      gl.bufferData(gl.ARRAY_BUFFER, strengths, gl.DYNAMIC_DRAW);
    },
    draw(palette, least, opacity) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.useProgram(program);
      gl.bindVertexArray(array);
      gl.uniform2f(uniforms.size, width, height);
      gl.uniform3fv(uniforms.positive, palette.positive.map((level) => level / 255));
      gl.uniform3fv(uniforms.negative, palette.negative.map((level) => level / 255));
      gl.uniform1f(uniforms.least, least);
      gl.uniform1f(uniforms.opacity, opacity);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
      gl.deleteSync(fence);
      fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
      gl.flush();
    },
    busy: () => fence !== null && !gl.isContextLost() && gl.getSyncParameter(fence, gl.SYNC_STATUS) !== gl.SIGNALED,
    dispose() {
      gl.deleteProgram(program);
      gl.deleteVertexArray(array);
      gl.deleteBuffer(endBuffer);
      gl.deleteBuffer(strengthBuffer);
    },
  };
}

function attribute(
  gl: WebGL2RenderingContext, location: number, size: number, divisor: number, data: Float32Array<ArrayBuffer> | null,
): WebGLBuffer | null {
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  if (data) gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(location);
  gl.vertexAttribPointer(location, size, gl.FLOAT, false, 0, 0);
  gl.vertexAttribDivisor(location, divisor);
  return buffer;
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("expected WebGL to make a shader, and it made none: reload the page");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`the wires' shaders did not link: ${gl.getProgramInfoLog(program) ?? ""}`);
  }
  return program;
}

/** The strength from which on at most `most` wires are left; 0 where all of them are. */
export function cutoff(strengths: Float32Array, most: number): number {
  if (strengths.length <= most) return 0;
  const counts = new Uint32Array(BINS + 1);
  for (let wire = 0; wire < strengths.length; wire++) counts[Math.min(BINS, Math.ceil(Math.abs(strengths[wire]) * BINS))]++;
  let left = 0;
  for (let bin = BINS; bin > 0; bin--) {
    left += counts[bin];
    if (left > most) return bin / BINS;
  }
  return 0;
}

const BINS = 512;
const FEWEST = 150;
const AT_FIRST = 1500;
/** A frame and a half, in milliseconds. */
const SLOW = 25;

/**
 * How many wires a moving picture may have: fewer where drawing takes longer than a frame, more where it does not.
 *
 * Whoever holds the pen sees the strongest at once, and all of them when it rests.
 */
export class Budget {
  most = AT_FIRST;

  /** The last picture was ready after so many milliseconds; longer ones than a second were not waited for. */
  took(milliseconds: number): void {
    if (milliseconds > 1000) return;
    this.most = milliseconds > SLOW ? Math.max(FEWEST, this.most * 0.7) : Math.min(1e6, this.most * 1.1);
  }
}
