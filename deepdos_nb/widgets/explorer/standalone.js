// Widgets without Python: models that live in the page alone. Plain script, nothing fetched.

(() => {
  const page = JSON.parse(document.getElementById("ddos-page").textContent);
  // Sentences that Python made for the selection there was; said of each once that has changed.
  const CHANGED = {
    readout: () => "This line is computed in Python: open the notebook to see it for this selection.",
    caption: (words) => `${words} (when this page was made)`,
  };

  function bytes(text) {
    const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new DataView(raw.buffer);
  }

  class Model {
    constructor({ state, buffers, group, files }, group_of) {
      this.state = { ...state };
      for (const [key, text] of Object.entries(buffers)) this.state[key] = bytes(text);
      this.group = group;
      this.files = files;
      this.peers = group_of;
      this.listeners = new Map();
      this.told = new Set();
    }
    get(key) { return this.state[key]; }
    set(key, value) {
      // Buffers have no text to compare by.
      if (!(value instanceof DataView) && JSON.stringify(this.state[key]) === JSON.stringify(value)) return;
      this.state[key] = value;
      this.tell(`change:${key}`, value);
      this.share(key, value);
    }
    // What Python would pass on through the views' shared state.
    share(key, value) {
      if (!page.linked.includes(key)) return;
      for (const peer of this.peers()) {
        if (peer === this || !(key in peer.state)) continue;
        if (JSON.stringify(peer.state[key]) !== JSON.stringify(value)) {
          peer.state[key] = value;
          peer.tell(`change:${key}`, value);
        }
      }
      if (key === "playing") return;
      for (const peer of this.peers()) {
        for (const [name, words] of Object.entries(CHANGED)) {
          if (peer.alive || !peer.state[name] || peer.told.has(name)) continue;
          peer.told.add(name);
          peer.state[name] = words(peer.state[name]);
          peer.tell(`change:${name}`, peer.state[name]);
        }
      }
    }
    save_changes() {}
    // The one question a view asks by itself is for a file.
    send({ make, view }) {
      const file = this.files?.[make];
      if (file) this.tell("msg:custom", { name: `${this.state.stem}.${make}`, mime: this.files.mime[make], view }, [bytes(file)]);
    }
    on(names, callback) {
      for (const name of names.split(" ")) {
        if (!this.listeners.has(name)) this.listeners.set(name, new Set());
        this.listeners.get(name).add(callback);
      }
    }
    off(names, callback) {
      for (const name of (names ?? "").split(" ")) {
        if (callback) this.listeners.get(name)?.delete(callback);
        else this.listeners.delete(name);
      }
    }
    tell(name, ...values) {
      for (const callback of [...(this.listeners.get(name) ?? [])]) callback(...values);
    }
  }

  const models = {};
  for (const [id, entry] of Object.entries(page.models)) {
    const peers = () => Object.values(models).filter((m) => entry.group !== null && m.group === entry.group);
    models[id] = new Model(entry, peers);
  }

  window.ddosShow = () => {
    let failed = 0;
    for (const { plot, table, canvas, data } of page.looks) {
      followSpectrum({ plot: models[plot], table: models[table], canvas: models[canvas] }, data);
    }
    for (const el of document.querySelectorAll("[data-model]")) {
      const entry = page.models[el.dataset.model];
      try {
        window.ddosViews[entry.view].render({ model: models[el.dataset.model], el, experimental: {} });
      } catch (error) {
        failed += 1;
        console.error(error);
      }
    }
    // The picture stands for whatever could not be brought to life.
    if (!failed) document.body.classList.add("ddos-alive");
  };
})();
