/** A fault in a manifest, with lightningd's words. Thrown and caught within the manifest's reading. */
export class ManifestFault extends Error {}
