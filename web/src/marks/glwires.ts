/** Draws every wire as a thin quad in one WebGL layer: opacity by strength, negative wires dashed. */

import type { Wires } from "./wires";

const VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec2 corner;
layout(location=1) in vec4 ends;
layout(location=2) in float strength;
uniform vec2 size;
uniform vec3 positive, negative;
uniform float threshold, opacity;
out vec4 tint;
out float along;
out float across;
flat out float dashed;
void main() {
  float s = min(abs(strength), 1.0);
  float alpha = opacity * pow(s, 0.72);
  if (s < threshold || alpha < 0.004) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); return; }
  vec2 from = ends.xy, to = ends.zw;
  float span = distance(from, to);
  vec2 direction = (to - from) / span;
  float half_width = 0.8 + 0.7 * s;
  vec2 at = mix(from, to, corner.x) + vec2(-direction.y, direction.x) * corner.y * half_width;
  gl_Position = vec4(at / size * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
  tint = vec4(strength < 0.0 ? negative : positive, alpha);
  along = corner.x * span;
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

export function glWires(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext): Wires {
  const program = link(gl);
  const place = (name: string) => gl.getUniformLocation(program, name);
  const uniforms = {
    size: place("size"), positive: place("positive"), negative: place("negative"), threshold: place("threshold"), opacity: place("opacity"),
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
    draw(palette, threshold, opacity) {
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
      gl.uniform1f(uniforms.threshold, threshold);
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
