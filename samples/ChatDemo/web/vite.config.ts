import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { defineConfig, type Plugin } from "vite";

const repository = join(import.meta.dirname, "../../..");
const output = join(import.meta.dirname, "../wwwroot");

/** What the build is made of. A test compares it with the list the build left. */
function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return ["node_modules", "messages"].includes(entry.name) ? [] : sources(path);
    }

    return [path];
  });
}

/** Leaves a list of all sources with their SHA-256 beside the page, in the form of sha256sum. */
function listSources(): Plugin {
  return {
    name: "list-sources",
    apply: "build",
    closeBundle() {
      const folders = [join(repository, "proto"), join(import.meta.dirname, "../members")];
      const proto = folders.flatMap(sources).filter((path) => path.endsWith(".proto"));
      const client = sources(join(repository, "clients/typescript/src"));
      const lines = [...sources(import.meta.dirname), ...client, ...proto]
        .map((path) => ({ path, name: relative(repository, path).split(sep).join("/") }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ path, name }) => `${createHash("sha256").update(readFileSync(path)).digest("hex")}  ${name}\n`);
      writeFileSync(join(output, "sources.sha256"), lines.join(""));
    },
  };
}

export default defineConfig({
  base: "./",
  build: { outDir: output, emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false } },
  plugins: [listSources()],
});
