const avatarSize = 192;

/** The first bytes of the picture formats every browser shows. SVG is not among them: it can hold scripts. */
const formats: [type: string, offset: number, start: string][] = [
  ["image/png", 0, "\x89PNG"],
  ["image/jpeg", 0, "\xff\xd8\xff"],
  ["image/gif", 0, "GIF8"],
  ["image/webp", 8, "WEBP"],
];

const urls = new Map<string, string>();
const keys = new WeakMap<Uint8Array, string>();

function typeOf(bytes: Uint8Array): string | undefined {
  return formats.find(([, offset, start]) => [...start].every((char, i) => bytes[offset + i] === char.charCodeAt(0)))?.[0];
}

export function isPicture(bytes: Uint8Array): boolean {
  return typeOf(bytes) !== undefined;
}

/** An address for a picture that came as bytes, undefined if it is none. The same bytes get the same address. */
export function pictureUrl(bytes: Uint8Array): string | undefined {
  const type = typeOf(bytes);
  if (!type) {
    return undefined;
  }

  const key = keys.get(bytes) ?? `${bytes.length}-${hash(bytes)}`;
  keys.set(bytes, key);
  let url = urls.get(key);
  if (!url) {
    url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }));
    urls.set(key, url);
  }

  return url;
}

/** Offers bytes for saving. Never as a type the browser would open in the page's own name. */
export function download(bytes: Uint8Array, name: string): void {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** The middle square of a picture, small enough to travel with every message; undefined if it cannot be read. */
export async function toAvatar(file: File): Promise<Uint8Array | undefined> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return undefined;
  }

  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = avatarSize;
  const side = Math.min(picture.width, picture.height);
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, avatarSize, avatarSize);
  context.drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, avatarSize, avatarSize);
  const blob = await new Promise<Blob>((resolve) => canvas.toBlob((made) => resolve(made!), "image/jpeg", 0.85));
  return new Uint8Array(await blob.arrayBuffer());
}

/** FNV-1a. */
function hash(bytes: Uint8Array): number {
  let value = 0x811c9dc5;
  for (const byte of bytes) {
    value = Math.imul(value ^ byte, 0x01000193);
  }

  return value >>> 0;
}
