// Small things several views use: the page's theme, and a choice of one among a few.

const onDark = () => document.body.dataset.jpThemeLight === "false";

// Calls back when the page changes between light and dark; returns how to stop.
function watchTheme(repaint) {
  const observer = new MutationObserver(repaint);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  return () => observer.disconnect();
}

// A group of buttons of which one is pressed.
function segments(name, choices, pick) {
  const group = html("div", { class: "ddos-segments", role: "group", "aria-label": name });
  const buttons = choices.map(([value, text]) => {
    const button = html("button", { type: "button" }, text);
    button.addEventListener("click", () => {
      button.focus({ preventScroll: true });
      pick(value);
    });
    return [value, button];
  });
  group.append(...buttons.map(([, button]) => button));
  const show = (now) => buttons.forEach(([value, button]) => button.setAttribute("aria-pressed", String(value === now)));
  return { node: html("div", { class: "ddos-choice" }, html("span", {}, name), group), show };
}

// What keys step from. The kernel's answer to one key may arrive after the next one and carry the
// older value; for a moment the value last asked for counts instead.
function stepper(read) {
  let wanted = null;
  let timer = 0;
  return {
    now: () => wanted ?? read(),
    ask: (value) => {
      wanted = value;
      clearTimeout(timer);
      timer = setTimeout(() => { wanted = null; }, 600);
    },
  };
}

// Kernel messages at most every 60 ms, and the last one always.
function paced(model) {
  let waiting = null;
  return {
    save() {
      waiting ??= setTimeout(() => {
        waiting = null;
        model.save_changes();
      }, 60);
    },
    stop: () => clearTimeout(waiting),
  };
}
