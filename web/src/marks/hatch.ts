/** Marks cells of an image by a stroke from corner to corner, over whatever colours they have. */

export function paintHatch(canvas: HTMLCanvasElement, marked: ArrayLike<number>, columns: number, colour: string): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const cell = canvas.width / columns;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1, cell * 0.12);
  context.beginPath();
  for (let index = 0; index < marked.length; index++) {
    if (!marked[index]) continue;
    const [left, top] = [(index % columns) * cell, Math.floor(index / columns) * cell];
    context.moveTo(left, top + cell);
    context.lineTo(left + cell, top);
  }
  context.stroke();
}
