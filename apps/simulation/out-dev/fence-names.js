/** The fences of each request in the order in which a reader meets them: #1, #2 and so on. */
export class FenceNames {
    known = new Map();
    /** @param label of the request, or anything else that tells keys apart */
    of(label) {
        const names = this.known.get(label) ?? new Map();
        this.known.set(label, names);
        return (fence) => {
            const name = names.get(fence) ?? `#${names.size + 1}`;
            names.set(fence, name);
            return name;
        };
    }
}
//# sourceMappingURL=fence-names.js.map