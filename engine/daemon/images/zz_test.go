package images
import ("testing";"fmt";"strings";"golang.org/x/sys/unix")
func TestZZ(t *testing.T) {
	big := spec{tags: []string{"big"}, layers: [][]byte{tarOf(file{name: "big", content: strings.Repeat("0123456789abcdef", 4<<20/16)})}}
	a := dockerArchive(big)
	for k := 400; k < 8600; k += 172 {
		func() {
			disk := t.TempDir()
			check(t, unix.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%dk", k)))
			defer unix.Unmount(disk, unix.MNT_DETACH)
			e := startAt(t, disk, disk)
			_, err := e.load(a)
			var l left
			func() { defer func(){ if r:=recover(); r!=nil {t.Log(k,"panic",r)}}()
			_, gerr := e.db.GarbageCollect(e.ctx)
			if gerr != nil { t.Log(k, "gc", gerr); return }
			l = e.left() }()
			if err == nil || l != (left{}) { t.Log(k, err, l) }
		}()
	}
}
