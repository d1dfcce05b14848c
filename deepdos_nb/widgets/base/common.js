// What all views share; put in front of each of them, since a widget is one module.

const SVG = "http://www.w3.org/2000/svg";

function html(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function svg(tag, attributes = {}, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text) node.textContent = text;
  return node;
}

// Hidden names after a click in a legend, which decides over its own and leaves those of linked views.
const hiddenWith = (before, own, hidden) => [...before.filter((name) => !own.includes(name)), ...hidden];

function floats(view) {
  if (!view || !view.byteLength) return new Float32Array(0);
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

// Digits of a formula: Bi2Te3 → Bi₂Te₃.
const subscripts = (formula) => formula.replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]);

const short = (v) => String(Number(v.toPrecision(3))).replace("-", "−");

function sum(rows, bins) {
  const total = new Float32Array(bins);
  for (const row of rows) for (let i = 0; i < bins; i++) total[i] += row[i];
  return total;
}
