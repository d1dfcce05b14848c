// Where a crystal's file comes in. Plain ESM: no build step, nothing fetched.

const CRYSTAL =
  '<svg viewBox="0 0 48 48" aria-hidden="true"><path d="M8 16l16-8 16 8v18l-16 8-16-8z"/>' +
  '<path d="M8 16l16 8 16-8M24 24v18"/><path class="arrow" d="M24 1v17M18 12l6 6 6-6"/></svg>';

function render({ model, el }) {
  const input = html("input", { type: "file", class: "ddos-file", tabindex: "-1", "aria-hidden": "true" });
  const choose = html("button", { type: "button", class: "ddos-choose" }, "Choose a file");
  const icon = html("div", { class: "ddos-drop-icon" });
  icon.innerHTML = CRYSTAL;
  const limit = html("span", { class: "ddos-subtitle" });
  const zone = html(
    "div", { class: "ddos-zone", role: "group", "aria-label": "Crystal structure file" },
    icon,
    html("div", { class: "ddos-drop-words" },
      html("div", { class: "ddos-title" }, "Drop a CIF, POSCAR or CONTCAR here"),
      html("div", {}, "or ", choose, input, " ", limit)),
  );
  const chips = html("div", { class: "ddos-examples", role: "group", "aria-label": "Example crystals" });
  const number = html("input", { type: "number", min: "0", step: "any", class: "ddos-number", placeholder: "predicted" });
  const electrons = html("label", { class: "ddos-electrons" },
    "Electrons from −4 eV up to the VBM or E", html("sub", {}, "F"), ", if you know them ", number);
  const message = html("div", { class: "ddos-message", role: "status", "aria-live": "polite" });
  const problem = html("div", { class: "ddos-error", role: "alert" });
  const notes = html("ul", { class: "ddos-notes" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  const root = html("div", { class: "ddos ddos-drop", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "ddos-sources" }, zone, chips), message, electrons, problem, notes, error);
  el.append(root);

  const megabytes = (bytes) => `${Number((bytes / 1e6).toPrecision(2))} MB`;

  // Python was asked for nothing: the crystal it holds stays, and so do its words and cautions.
  function refuse(words) {
    model.set("problem", words);
    model.save_changes();
  }

  async function take(files) {
    if (files.length !== 1) return refuse(`${files.length || "No"} files were dropped; give one at a time.`);
    const [file] = files;
    const most = model.get("limit");
    if (file.size > most) {
      return refuse(`${file.name}: the file has ${megabytes(file.size)}, the limit is ${megabytes(most)}. ` +
        "Give a file with a single structure and no volumetric data.");
    }
    let bytes;
    try {
      bytes = await file.arrayBuffer();
    } catch {
      return refuse(`${file.name}: this cannot be read; is it a folder? Drop the file inside it.`);
    }
    model.set("problem", "");
    model.save_changes();
    model.send({ type: "file", name: file.name }, undefined, [bytes]);
  }

  choose.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files.length) take([...input.files]);
    input.value = ""; // the same file again is a new choice
  });
  // Counted, because leaving a child for its parent says "leave" as well.
  let inside = 0;
  const stop = (event) => { event.preventDefault(); event.stopPropagation(); };
  zone.addEventListener("dragenter", (event) => { stop(event); inside += 1; zone.classList.add("over"); });
  zone.addEventListener("dragover", stop);
  zone.addEventListener("dragleave", (event) => {
    stop(event);
    inside -= 1;
    if (inside <= 0) zone.classList.remove("over");
  });
  zone.addEventListener("drop", (event) => {
    stop(event);
    inside = 0;
    zone.classList.remove("over");
    take([...event.dataTransfer.files]);
  });

  number.addEventListener("change", () => {
    const value = number.value === "" ? null : Number(number.value);
    model.set("electrons", value !== null && value > 0 ? value : null);
    model.save_changes();
  });

  function drawChips() {
    const names = model.get("examples");
    const focused = chips.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    chips.hidden = names.length === 0;
    chips.replaceChildren(html("span", { class: "ddos-subtitle" }, "or try"), ...names.map((name) => {
      const chip = html("button", { type: "button", "data-name": name, "aria-pressed": String(name === model.get("example")) }, subscripts(name));
      chip.addEventListener("click", () => {
        model.set("example", name);
        model.save_changes();
      });
      return chip;
    }));
    if (focused) chips.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  function draw() {
    limit.textContent = `up to ${megabytes(model.get("limit"))}; read in memory, never stored`;
    electrons.hidden = !model.get("asks_electrons");
    root.dataset.held = model.get("message") ? "yes" : "";
    const value = model.get("electrons");
    if (document.activeElement !== number) number.value = value === null ? "" : String(value);
    zone.classList.toggle("busy", model.get("busy"));
    zone.setAttribute("aria-busy", String(model.get("busy")));
    message.textContent = model.get("busy")
      ? ["Predicting …", model.get("wait")].filter(Boolean).join(" ") : model.get("message");
    problem.textContent = model.get("problem");
    notes.replaceChildren(...model.get("notes").map((note) => html("li", {}, note)));
    error.textContent = model.get("error");
  }

  const listen = [
    ...["change:limit", "change:asks_electrons", "change:electrons", "change:busy", "change:wait", "change:message",
      "change:problem", "change:notes", "change:error"].map((name) => [name, draw]),
    ["change:examples", drawChips],
    ["change:example", drawChips],
  ];
  for (const [name, handler] of listen) model.on(name, handler);
  drawChips();
  draw();
  return () => {
    for (const [name, handler] of listen) model.off(name, handler);
  };
}

export default { render };
