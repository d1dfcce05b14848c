// Balls in three dimensions on a flat canvas: no WebGL needed.

const multiply = (a, b) => {
  const c = new Array(9).fill(0);
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) for (let k = 0; k < 3; k++) c[3 * i + j] += a[3 * i + k] * b[3 * k + j];
  return c;
};

// Turn by angles about the screen's upright and level axes, and keep the matrix a rotation.
function turned(rotation, across, down) {
  const [c, s, d, u] = [Math.cos(across), Math.sin(across), Math.cos(down), Math.sin(down)];
  const m = multiply(multiply([1, 0, 0, 0, d, -u, 0, u, d], [c, 0, s, 0, 1, 0, -s, 0, c]), rotation);
  const unit = (v) => v.map((x) => x / Math.hypot(...v));
  const first = unit(m.slice(0, 3));
  const along = first.reduce((sum, x, i) => sum + x * m[3 + i], 0);
  const second = unit(m.slice(3, 6).map((x, i) => x - along * first[i]));
  const third = [
    first[1] * second[2] - first[2] * second[1],
    first[2] * second[0] - first[0] * second[2],
    first[0] * second[1] - first[1] * second[0],
  ];
  return [...first, ...second, ...third].map((x) => Number(x.toFixed(6)));
}

function shade(context, x, y, r, colour) {
  const light = context.createRadialGradient(x - 0.35 * r, y - 0.4 * r, 0.1 * r, x, y, r);
  light.addColorStop(0, "#ffffff");
  light.addColorStop(0.35, colour);
  light.addColorStop(1, colour);
  context.fillStyle = light;
  circle(context, x, y, r);
  context.fill();
}

// A canvas of the size it has on the page, cleared, and how to draw on it in the page's pixels.
function fresh(canvas) {
  const dense = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * dense);
  canvas.height = Math.round(canvas.clientHeight * dense);
  const context = canvas.getContext("2d");
  context.setTransform(dense, 0, 0, dense, 0, 0);
  return context;
}

function circle(context, x, y, r) {
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
}
