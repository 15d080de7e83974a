/** A fault in a manifest, with lightningd's message. {@link parseManifest} catches it. */
export class ManifestFault extends Error {}
