/**
 * A fault in a manifest, with lightningd's message. Thrown and caught while the manifest is read.
 */
export class ManifestFault extends Error {}
