package main

func main() {
	m := newHold(1000)
	println(m.run(10))
	s := newStandardHold(1000)
	println(s.run(10))
}
