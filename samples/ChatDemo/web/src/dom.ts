// The little this page needs instead of a framework. Text gets into the page as text nodes only, never as markup.

type Child = Node | string | false | null | undefined;

type Props = Record<string, unknown>;

/** Makes an element: properties whose name has a dash, and `role`, become attributes; functions become event listeners. */
export function h<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, props: Props, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) {
      continue;
    }

    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (name === "role" || name.includes("-")) {
      element.setAttribute(name, String(value));
    } else {
      (element as unknown as Props)[name] = value;
    }
  }

  fill(element, ...children);
  return element;
}

/** Replaces what is in an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child): child is Node | string => child !== false && child !== null && child !== undefined));
}

/** One row of a list. A row with the key and content it had before keeps its element, and so focus and pictures. */
export interface Row {
  key: string;
  /** Everything that `build` shows, in a form that can be compared. */
  content: unknown;
  build: () => HTMLElement;
}

const shown = new WeakMap<Element, Map<string, { content: string; element: HTMLElement }>>();

/** Makes the children of `parent` those of `rows`, touching only what changed. */
export function list(parent: Element, rows: Row[]): void {
  const before = shown.get(parent) ?? new Map();
  const after = new Map<string, { content: string; element: HTMLElement }>();
  const focused = [...before].find(([, row]) => row.element.contains(document.activeElement))?.[0];
  for (const row of rows) {
    const content = JSON.stringify(row.content);
    const old = before.get(row.key);
    after.set(row.key, old?.content === content ? old : { content, element: row.build() });
  }

  const elements = [...after.values()].map((row) => row.element);
  const same = elements.length === parent.children.length && elements.every((element, i) => parent.children[i] === element);
  if (!same) {
    parent.replaceChildren(...elements);
  }

  shown.set(parent, after);
  if (focused !== undefined && !parent.contains(document.activeElement)) {
    const element = after.get(focused)?.element;
    (element?.matches("button, [tabindex]") ? element : element?.querySelector<HTMLElement>("button"))?.focus();
  }
}
