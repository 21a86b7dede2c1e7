// Elements of the page. Whatever comes from the gateway is set as text.

export const $ = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }

  made.append(...children);
  return made;
}

/** Leaves what has not changed alone, so that marked text stays marked. */
export function text(node, value) {
  if (node.textContent !== value) {
    node.textContent = value;
  }
}

/** A name of several parts: it breaks behind a dot or a slash sooner than within a word. */
export function parts(node, value) {
  if (node.textContent !== value) {
    node.replaceChildren(...value.split(/(?<=[^/][./])/).flatMap((part, i) => i > 0 ? [element("wbr"), part] : [part]));
  }
}

/** The words that a filter holds. */
export const wordsIn = (id) => $(id).value.toLowerCase().split(/\s+/).filter(Boolean);

export function hasAll(words, texts) {
  const all = texts.join(" ").toLowerCase();
  return words.every((word) => all.includes(word));
}

const lists = new WeakMap();

/** Makes the children after the first `skip` those of the items. A child stays itself as long as its item is there, and so keeps the focus. */
export function sync(parent, items, nameOf, make, update, skip = 0) {
  const old = lists.get(parent) ?? new Map();
  const next = new Map();
  for (const item of items) {
    const name = nameOf(item);
    if (!next.has(name)) {
      next.set(name, [old.get(name)?.[0] ?? make(item), item]);
    }
  }

  for (const [name, [node]] of old) {
    if (!next.has(name)) {
      node.remove();
    }
  }

  lists.set(parent, next);
  let place = parent.children[skip] ?? null;
  for (const [node, item] of next.values()) {
    update(node, item);
    if (node === place) {
      place = place.nextElementSibling;
    } else {
      parent.insertBefore(node, place);
    }
  }
}
