package strictyaml

// Nearest returns the word of the list that a slip of the pen may have meant:
// at most two letters away, and nearer than half of the word. Empty if none.
func Nearest(word string, list []string) string {
	best, found := min(3, (len(word)+1)/2+1), ""
	if len(word) > 64 {
		return ""
	}
	for _, w := range list {
		if d := distance(word, w); d < best {
			best, found = d, w
		}
	}
	return found
}

// distance counts the letters to insert, delete, change or swap with the next
// one to get from a to b.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
