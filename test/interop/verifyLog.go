// Verifies a mirror's transparency log with Go's own implementation of signed notes and tiled logs
// (golang.org/x/mod/sumdb/note and tlog), which knows nothing of ours:
//
//	verifyLog MIRROR VERIFIER-KEY
//
// Opens every checkpoint with the verifier key, proves every entry in the newest tree and every checkpoint consistent
// with every other, all from the tiles, and prints how many of each.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// tilePath is the path of a tile as C2SP tlog-tiles has it: without the height that Go's own paths carry.
func tilePath(t tlog.Tile, kind string) string {
	n := t.N
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if t.W < 1<<height {
		path += fmt.Sprintf(".p/%d", t.W)
	}
	return "tile/" + kind + "/" + path
}

type folder struct{ root string }

func (f folder) Height() int { return height }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(f.root, tilePath(t, strconv.Itoa(t.L))))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

// entries reads the log's entries from the bundles.
func (f folder) entries(size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n<<height < size; n++ {
		width := size - n<<height
		if width > 1<<height {
			width = 1 << height
		}
		data, err := os.ReadFile(filepath.Join(f.root, tilePath(tlog.Tile{H: height, L: 0, N: n, W: int(width)}, "entries")))
		if err != nil {
			fail("entries: %v", err)
		}
		for len(data) > 0 {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				fail("bundle %d is cut", n)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:end])
			data = data[end:]
		}
	}
	if int64(len(all)) != size {
		fail("%d entries in the bundles of a tree of %d", len(all), size)
	}
	return all
}

func openCheckpoint(path string, verifier note.Verifier) tlog.Tree {
	text, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		fail("%s: %v", path, err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("%s: not a checkpoint of %s", path, verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, rootErr := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || rootErr != nil || len(root) != tlog.HashSize {
		fail("%s: size or root is not one", path)
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: verifyLog MIRROR VERIFIER-KEY")
	}
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		fail("verifier key: %v", err)
	}
	paths, _ := filepath.Glob(filepath.Join(os.Args[1], "checkpoints", "*"))
	sort.Strings(paths)
	var trees []tlog.Tree
	for _, path := range paths {
		trees = append(trees, openCheckpoint(path, verifier))
	}
	if len(trees) == 0 {
		fail("no checkpoint")
	}
	newest := trees[len(trees)-1]
	published := openCheckpoint(filepath.Join(os.Args[1], "tlog", "checkpoint"), verifier)
	if published != newest {
		fail("the published checkpoint is not the newest")
	}
	tiles := folder{filepath.Join(os.Args[1], "tlog")}
	hashes := tlog.TileHashReader(newest, tiles)
	entries := tiles.entries(newest.N)
	for i, entry := range entries {
		proof, err := tlog.ProveRecord(newest.N, int64(i), hashes)
		if err != nil {
			fail("entry %d: %v", i, err)
		}
		if err := tlog.CheckRecord(proof, newest.N, newest.Hash, int64(i), tlog.RecordHash(entry)); err != nil {
			fail("entry %d: %v", i, err)
		}
	}
	pairs := 0
	for i, older := range trees {
		for _, newer := range trees[i+1:] {
			proof, err := tlog.ProveTree(newer.N, older.N, hashes)
			if err != nil {
				fail("trees %d and %d: %v", older.N, newer.N, err)
			}
			if err := tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash); err != nil {
				fail("trees %d and %d: %v", older.N, newer.N, err)
			}
			pairs++
		}
	}
	fmt.Printf("%d checkpoints, %d entries, %d pairs\n", len(trees), len(entries), pairs)
}
