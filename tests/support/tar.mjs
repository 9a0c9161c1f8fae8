// The tars of artifacts, to read and to change: plain files whose names and sizes fit into a header.
const block = 512;
const size_at = 124, size_digits = 11, checksum_at = 148, checksum_bytes = 8;

/** {name, header, content} of each member. */
export function read_tar(bytes) {
    const members = [];
    for (let at = 0; bytes[at] !== 0;) {
        const header = bytes.subarray(at, at + block);
        const name = header.subarray(0, header.indexOf(0)).toString();
        const size = parseInt(header.subarray(size_at, size_at + size_digits).toString(), 8);
        members.push({ name, header, content: bytes.subarray(at + block, at + block + size) });
        at += block + Math.ceil(size / block) * block;
    }
    return members;
}

function header_for({ header, content }) {
    const changed = Buffer.from(header);
    changed.write(content.length.toString(8).padStart(size_digits, '0'), size_at);
    changed.fill(' ', checksum_at, checksum_at + checksum_bytes);
    const sum = changed.reduce((total, byte) => total + byte, 0);
    changed.write(`${sum.toString(8).padStart(6, '0')}\0 `, checksum_at);
    return changed;
}

export function write_tar(members) {
    const pieces = members.flatMap((member) => [
        header_for(member), member.content, Buffer.alloc((block - member.content.length % block) % block)
    ]);
    return Buffer.concat([...pieces, Buffer.alloc(2 * block)]);
}
