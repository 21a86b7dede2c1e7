import { defineConfig } from "vite";

// Makes of the tests, and of the client they are about, what Node runs. In node_modules, where nobody looks for sources.
export default defineConfig({
  root: import.meta.dirname,
  build: {
    ssr: true,
    outDir: "../node_modules/.client-tests",
    emptyOutDir: true,
    rollupOptions: {
      input: ["vectors.test.ts", "socket.test.ts", "client.ts"].map((name) => `${import.meta.dirname}/${name}`),
      output: { entryFileNames: "[name].mjs", chunkFileNames: "[name].mjs" },
    },
  },
});
