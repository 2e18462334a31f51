// An independent reader of transparency logs, on Go's own packages: it signs and opens notes, checks proofs, and
// audits a running node from its checkpoint to every entry. Answers are JSON on standard output.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The width of tiles is part of C2SP tlog-tiles; Go's package has it in each path.
const height = 8

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: tlogpeer sign NAME | open VKEY | check | audit URL VKEY")
	}
	switch {
	case args[0] == "sign" && len(args) == 2:
		return sign(args[1])
	case args[0] == "open" && len(args) == 2:
		return open(args[1])
	case args[0] == "check" && len(args) == 1:
		return check()
	case args[0] == "audit" && len(args) == 3:
		return audit(args[1], args[2])
	}
	return fmt.Errorf("no such task: %v", args)
}

func answer(value any) error {
	return json.NewEncoder(os.Stdout).Encode(value)
}

// sign makes a key and signs the text on standard input with it.
func sign(name string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	secret, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
	if err != nil {
		return err
	}
	return answer(map[string]string{"key": vkey, "note": string(signed)})
}

// timed verifies cosignature/v1 of C2SP tlog-cosignature and keeps the time that was signed.
type timed struct {
	name string
	key  ed25519.PublicKey
	at   uint64
}

func (t *timed) Name() string { return t.name }

func (t *timed) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(t.name+"\n\x04"), t.key...))
	return binary.BigEndian.Uint32(sum[:4])
}

func (t *timed) Verify(message, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	t.at = binary.BigEndian.Uint64(signature[:8])
	cosigned := fmt.Sprintf("cosignature/v1\ntime %d\n%s", t.at, message)
	return ed25519.Verify(t.key, []byte(cosigned), signature[8:])
}

// opened gives a note's text and the time of its cosignature; both signatures must hold.
func opened(data []byte, vkey string) (text string, at uint64, err error) {
	plain, err := note.NewVerifier(vkey)
	if err != nil {
		return "", 0, err
	}
	parts := strings.SplitN(vkey, "+", 3)
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return "", 0, err
	}
	cosigner := &timed{name: parts[0], key: ed25519.PublicKey(raw[1:])}
	found, err := note.Open(data, note.VerifierList(plain, cosigner))
	if err != nil {
		return "", 0, err
	}
	if len(found.Sigs) != 2 {
		return "", 0, fmt.Errorf("%d signatures by this key instead of two", len(found.Sigs))
	}
	return found.Text, cosigner.at, nil
}

func open(vkey string) error {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	text, at, err := opened(data, vkey)
	if err != nil {
		return err
	}
	return answer(map[string]any{"text": text, "time": at})
}

// check verifies proofs: hashes are 32 bytes, in base64.
func check() error {
	var given struct {
		Size       int64
		Root       []byte
		Inclusions []struct {
			Index int64
			Leaf  []byte
			Proof [][]byte
		}
		Consistencies []struct {
			Size  int64
			Root  []byte
			Proof [][]byte
		}
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	root := tlog.Hash(given.Root)
	for _, one := range given.Inclusions {
		proof := tlog.RecordProof(hashes(one.Proof))
		if err := tlog.CheckRecord(proof, given.Size, root, one.Index, tlog.Hash(one.Leaf)); err != nil {
			return fmt.Errorf("record %d: %w", one.Index, err)
		}
	}
	for _, one := range given.Consistencies {
		proof := tlog.TreeProof(hashes(one.Proof))
		if err := tlog.CheckTree(proof, given.Size, root, one.Size, tlog.Hash(one.Root)); err != nil {
			return fmt.Errorf("tree of %d: %w", one.Size, err)
		}
	}
	return answer(map[string]int{"inclusions": len(given.Inclusions), "consistencies": len(given.Consistencies)})
}

func hashes(items [][]byte) []tlog.Hash {
	found := make([]tlog.Hash, len(items))
	for at, item := range items {
		found[at] = tlog.Hash(item)
	}
	return found
}

// node reads a log over HTTP; it is a tlog.TileReader whose paths leave out the height.
type node struct {
	url   string
	tiles int
}

var client = &http.Client{Timeout: 20 * time.Second}

func (n *node) get(path string) ([]byte, error) {
	response, err := client.Get(n.url + "/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}

func (n *node) Height() int { return height }

func (n *node) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(tiles))
	for at, tile := range tiles {
		data, err := n.get(c2spPath(tile))
		if err != nil {
			return nil, err
		}
		found[at] = data
		n.tiles++
	}
	return found, nil
}

func (n *node) SaveTiles([]tlog.Tile, [][]byte) {}

// c2spPath turns Go's tile/8/L/N into tile/L/N, and tile/8/data/N into tile/entries/N.
func c2spPath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

func audit(url, vkey string) error {
	log := &node{url: strings.TrimSuffix(url, "/")}
	data, err := log.get("checkpoint")
	if err != nil {
		return err
	}
	text, at, err := opened(data, vkey)
	if err != nil {
		return err
	}
	tree, err := parse(text)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, log)
	if err := auditEntries(log, reader, tree.N); err != nil {
		return err
	}
	if err := auditProofs(reader, tree); err != nil {
		return err
	}
	return answer(map[string]any{"size": tree.N, "time": at, "tiles": log.tiles})
}

// parse reads a checkpoint's text; Go's own tlog.ParseTree knows the checksum database's origin only.
func parse(text string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return tlog.Tree{}, errors.New("not a checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// auditEntries reads every entry and compares it with its leaf in the tree; the reader checks all tiles.
func auditEntries(log *node, reader tlog.HashReader, size int64) error {
	for start := int64(0); start < size; start += 1 << height {
		width := min(size-start, 1<<height)
		bundle, err := log.get(c2spPath(tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}))
		if err != nil {
			return err
		}
		indexes := make([]int64, width)
		for at := range indexes {
			indexes[at] = tlog.StoredHashIndex(0, start+int64(at))
		}
		leaves, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for at, leaf := range leaves {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("the bundle at %d ends early", start)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:end]) != leaf {
				return fmt.Errorf("entry %d is not the one in the tree", start+int64(at))
			}
			if !json.Valid(bundle[2:end]) || !bytes.HasSuffix(bundle[2:end], []byte(`"v":1}`)) {
				return fmt.Errorf("entry %d is not one of a catalogue", start+int64(at))
			}
			bundle = bundle[end:]
		}
		if len(bundle) != 0 {
			return fmt.Errorf("the bundle at %d goes on", start)
		}
	}
	return nil
}

// auditProofs makes and checks proofs from the node's tiles: of the first and last entry and of half the tree.
func auditProofs(reader tlog.HashReader, tree tlog.Tree) error {
	if tree.N == 0 {
		return nil
	}
	for _, index := range []int64{0, tree.N - 1} {
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			return err
		}
		leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf[0]); err != nil {
			return err
		}
	}
	half := tree.N / 2
	if half == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, half, reader)
	if err != nil {
		return err
	}
	old, err := tlog.TreeHash(half, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, half, old)
}
