/**
 * Decides which paths count for one plugin: its source files, and the targets of symlinks among
 * them. Used by the file source.
 */
import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isBelow } from "../../plugin/file/ignore-rules.js";
import { isShared, type SourceFiles, type SourceTree } from "../../plugin/file/source-files.js";

/** How many folders behind symlinks are watched: a symlink may lead to a whole disk. */
const MAX_LINKED_FOLDERS = 500;

export class WatchedPaths {
  readonly sources: SourceFiles;
  readonly #onLimit: (message: string) => void;
  #trees: readonly SourceTree[];
  /** Files elsewhere that symlinks lead to. */
  readonly #linkedFiles = new Set<string>();
  #linkedFolders = 0;

  /** @param onLimit called when symlinks lead to more folders than are watched */
  constructor(sources: SourceFiles, onLimit: (message: string) => void) {
    this.sources = sources;
    this.#onLimit = onLimit;
    this.#trees = sources.trees;
  }

  /** The trees of the sources, and the trees that symlinks lead to. */
  get trees(): readonly SourceTree[] {
    return this.#trees;
  }

  /** The folders to watch first: the roots of the trees, and the folders of single files. */
  get folders(): ReadonlySet<string> {
    const { names, files } = this.sources;
    const single = [...names, ...files, ...this.#linkedFiles].map((file) => dirname(file));
    return new Set([...this.#trees.map((tree) => tree.root), ...single]);
  }

  /** Whether a path is one of the plugin's own names. */
  isPlugin(path: string): boolean {
    return this.sources.names.has(path);
  }

  counts(path: string): boolean {
    const { names, files } = this.sources;
    if (names.has(path) || files.has(path) || this.#linkedFiles.has(path)) return true;
    return this.#trees.some((tree) => tree.includes(path));
  }

  /**
   * Whether a folder should be watched.
   * @param isWatched whether it already is
   */
  enters(folder: string, isWatched: boolean): boolean {
    const tree = this.#trees.find(({ root }) => folder === root || isBelow(root, folder));
    if (tree?.enters(folder) !== true) return false;
    if (this.sources.trees.includes(tree) || isWatched) return true;
    if (this.#linkedFolders++ < MAX_LINKED_FOLDERS) return true;
    const limit = `symlinks lead to more than ${MAX_LINKED_FOLDERS} folders`;
    this.#onLimit(`${limit}: the rest below ${tree.root} are not watched`);
    return false;
  }

  /**
   * Follows a symlink in a tree. Each real folder is watched once; a folder that contains a tree,
   * or that everyone shares, is not watched.
   * @returns the folder to watch, and the file in it if the link leads to one; undefined if there
   *   is nothing to watch
   */
  follow(link: string): { readonly folder: string; readonly file?: string } | undefined {
    const tree = this.#trees.find(({ root }) => isBelow(root, link));
    if (tree === undefined || this.isPlugin(link)) return undefined;
    try {
      const real = realpathSync(link);
      const isInside = this.#trees.some(({ root }) => root === real || isBelow(root, real));
      if (isInside) return undefined;
      if (!statSync(real).isDirectory()) {
        if (!this.counts(link)) return undefined;
        this.#linkedFiles.add(real);
        return { folder: dirname(real), file: real };
      }
      const isAbove = this.#trees.some(({ root }) => isBelow(real, root));
      if (isAbove || isShared(real) || !tree.enters(link)) return undefined;
      this.#trees = [...this.#trees, tree.at(real)];
      return { folder: real };
    } catch {
      return undefined; // A broken link or a loop.
    }
  }

  /** Returns the .gitignore that alone excludes a file. */
  hiddenBy(path: string): string | undefined {
    return this.#trees.map((tree) => tree.hiddenBy(path)).find((file) => file !== undefined);
  }

  /**
   * Forgets the rules after a change of a .gitignore, so that they are read again.
   * @returns false if the file does not affect these paths
   */
  rulesChanged(file: string): boolean {
    const isOurs = (tree: SourceTree) =>
      tree.rules.files.includes(file) || isBelow(tree.root, file);
    if (!this.#trees.some(isOurs)) return false;
    for (const { rules } of this.#trees) rules.forget();
    return true;
  }
}
